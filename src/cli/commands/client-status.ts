import { clientOptions } from '../options/client-options.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note, print, printJson } from '../print.ts';
import { refuseAll } from '../options/require.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';

const { json, debug } = clientOptions;

/** `usher client status` */
export const clientStatusCommand: CommandModule = {
  build() {
    const command = buildCommand('usher client status', {
      summary:
        'Shows which servers Usher wrote into which MCP clients, and whether they stand there as written; ends with 1 when one does not.',
      usage: '[--json]',
      examples: ['usher client status', 'usher client status --json'],
    });
    return addSimpleOptions(command, [json, debug]);
  },
  async execute(command, { tail, environment }) {
    refuseAll(command, tail);
    const [{ thisMachine }, { listServers }, { describeServers }] = await Promise.all([
      import('../../clients/machine.ts'),
      import('../../clients/list-servers.ts'),
      import('../clients/describe-clients.ts'),
    ]);
    const servers = await listServers(thisMachine(environment));
    const isGood = servers.every(({ state }) => state === 'present');
    if (new SimpleValues(command, environment).isSet(json)) {
      printJson({ ok: isGood, servers });
    } else if (servers.length === 0) note('Usher has written no server into a client');
    else print(describeServers(servers));
    return isGood ? 0 : 1;
  },
};
