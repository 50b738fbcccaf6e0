import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note, print } from '../print.ts';
import { serverOptions } from '../options/server-options.ts';
import { addSimpleOptions, type SimpleOption } from '../options/simple-options.ts';

const options = {
  force: serverOptions.force,
  all: serverOptions.all,
  group: serverOptions.group,
  debug: serverOptions.debug,
} as const satisfies Record<string, SimpleOption>;

/** `usher stop NAME…` */
export const stopCommand: CommandModule = {
  build() {
    const command = buildCommand('usher stop', {
      summary:
        'Stops servers: calls under way may end first. They stay in usher list, and are taken out of the lists of MCP clients.',
      usage: 'NAME… [--force]\n       usher stop --all | --group NAME [--force]',
      examples: ['usher stop apollo', 'usher stop --group work'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, context) {
    const [{ readServers }, { stopServer }, { removeFromLists }, { runEach }] = await Promise.all([
      import('../servers/read-servers.ts'),
      import('../../servers/stop-server.ts'),
      import('../../servers/client-lists.ts'),
      import('../servers/run-each.ts'),
    ]);
    const { machine, values, views } = await readServers(command, context);
    const force = values.isSet(options.force);
    return await runEach(
      views,
      async (view) => {
        const wasRunning = await stopServer(view, { machine, force });
        // Who was killed left that to others.
        const problems = await removeFromLists(view.name, machine);
        for (const problem of problems) note(`Cannot take ${view.name} out of a list: ${problem}`);
        if (wasRunning) print(`${view.name} has stopped`);
        else note(`${view.name} was not running`);
      },
      command,
    );
  },
};
