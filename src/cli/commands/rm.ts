import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { serverOptions } from '../options/server-options.ts';
import { addSimpleOptions, type SimpleOption } from '../options/simple-options.ts';

const options = {
  force: { flags: '--force', help: 'Also those that run: they are stopped first, at once', group: 'Servers' },
  all: serverOptions.all,
  group: serverOptions.group,
  debug: serverOptions.debug,
} as const satisfies Record<string, SimpleOption>;

/** `usher rm NAME…` */
export const rmCommand: CommandModule = {
  build() {
    const command = buildCommand('usher rm', {
      summary:
        'Takes servers away that do not run: their settings and logs, and packages that were fetched for them and no other server has. The audit trail stays where it is.',
      usage: 'NAME… [--force]\n       usher rm --all | --group NAME [--force]',
      examples: ['usher rm apollo'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, context) {
    const [{ readServers }, { forgetServer }, { runEach }] = await Promise.all([
      import('../servers/read-servers.ts'),
      import('../servers/forget-server.ts'),
      import('../servers/run-each.ts'),
    ]);
    const { machine, values, views } = await readServers(command, context);
    const force = values.isSet(options.force);
    return await runEach(views, (view) => forgetServer(view, { machine, force }), command);
  },
};
