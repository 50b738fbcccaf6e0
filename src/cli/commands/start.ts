import { reportUsage } from '../../config/report.ts';
import { buildCommand, textsOf } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { serverOptions } from '../options/server-options.ts';
import { addSimpleOptions, type SimpleOption } from '../options/simple-options.ts';

const options = {
  foreground: serverOptions.foreground,
  all: serverOptions.all,
  group: serverOptions.group,
  debug: serverOptions.debug,
} as const satisfies Record<string, SimpleOption>;
/** Of the process that goes to the background; not for people. */
const claim: SimpleOption = { flags: '--claim <ID>', help: 'What another process has begun', group: 'Server' };

/** `usher start NAME…` */
export const startCommand: CommandModule = {
  build() {
    const command = buildCommand('usher start', {
      summary: 'Starts servers that were run before and have ended, with the settings they had.',
      usage: 'NAME… [--foreground]\n       usher start --all | --group NAME',
      examples: ['usher start apollo', '# Under systemd, or in a container\nusher start apollo --foreground'],
    });
    addSimpleOptions(command, [...Object.values(options), claim]);
    command.options.find(({ long }) => long === '--claim')?.hideHelp();
    return command;
  },
  async execute(command, context) {
    const [{ readServers }, { isAlive }, { startBehind, startClaimed, startHere }, { runEach }] = await Promise.all([
      import('../servers/read-servers.ts'),
      import('../../servers/look-at-server.ts'),
      import('../servers/start-saved.ts'),
      import('../servers/run-each.ts'),
    ]);
    const { machine, values, views, isNamed } = await readServers(command, context);
    const [view] = views;
    const id = textsOf(command, 'claim').at(-1);
    if (id !== undefined && view !== undefined) return await startClaimed(view.name, id, machine);
    if (values.isSet(options.foreground)) {
      if (view !== undefined && views.length === 1) return await startHere(view.name, machine);
      throw reportUsage([{ where: '--foreground', what: 'is for one server; give its NAME' }]);
    }
    // One that runs already is as it should be, where all are asked for; who names it wants to know.
    const wanted = isNamed ? views : views.filter((one) => !isAlive(one));
    return await runEach(wanted, ({ name }) => startBehind(name, machine, context), command);
  },
};
