import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { serverOptions } from '../options/server-options.ts';
import { addSimpleOptions, type SimpleOption } from '../options/simple-options.ts';

const options = {
  force: serverOptions.force,
  all: serverOptions.all,
  group: serverOptions.group,
  debug: serverOptions.debug,
} as const satisfies Record<string, SimpleOption>;

/** `usher restart NAME…` */
export const restartCommand: CommandModule = {
  build() {
    const command = buildCommand('usher restart', {
      summary: 'Stops servers of the background and starts them again; those that do not run are started.',
      usage: 'NAME… [--force]\n       usher restart --all | --group NAME [--force]',
      examples: ['usher restart apollo'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, context) {
    const [{ readServers }, { restartBehind }, { runEach }] = await Promise.all([
      import('../servers/read-servers.ts'),
      import('../servers/start-saved.ts'),
      import('../servers/run-each.ts'),
    ]);
    const { machine, values, views } = await readServers(command, context);
    const force = values.isSet(options.force);
    return await runEach(views, (view) => restartBehind(view, { machine, context, force }), command);
  },
};
