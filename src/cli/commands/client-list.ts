import { reportUsage } from '../../config/report.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { clientOptions } from '../options/client-options.ts';
import { print, printJson } from '../print.ts';
import { refuseAll } from '../options/require.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';

const { json, debug } = clientOptions;

/** `usher client list` */
export const clientListCommand: CommandModule = {
  build() {
    const command = buildCommand('usher client list', {
      summary:
        'Lists the MCP clients Usher can write servers into: which are installed here, where their settings are.',
      usage: '[--json]',
      examples: ['usher client list', 'usher client list --json'],
    });
    return addSimpleOptions(command, [json, debug]);
  },
  async execute(command, { tail, environment }) {
    refuseAll(command, tail);
    const values = new SimpleValues(command, environment);
    if (values.problems.length > 0) throw reportUsage(values.problems);
    const [{ clientTable }, { findClientFile, isInstalled, thisMachine }, { readChoice }, { layOut }] =
      await Promise.all([
        import('../../clients/client-table.ts'),
        import('../../clients/machine.ts'),
        import('../../clients/choose-clients.ts'),
        import('../clients/describe-clients.ts'),
      ]);
    const machine = thisMachine(environment);
    const chosen = await readChoice(machine);
    const clients = clientTable.flatMap((client) => {
      const file = findClientFile(client, machine);
      if (file === undefined) return [];
      const { id, title, source, doubt } = client;
      const installed = isInstalled(client, machine);
      const used = chosen === undefined ? installed : chosen.includes(id);
      return [{ id, title, installed, used, file, source, ...(doubt === undefined ? {} : { doubt }) }];
    });
    if (values.isSet(json)) printJson({ clients });
    else {
      const head = ['id', 'client', 'installed', 'gets new servers', 'settings'];
      const rows = clients.map(({ id, title, installed, used, file }) => [
        id,
        title,
        installed ? 'yes' : '–',
        used ? 'yes' : '–',
        file,
      ]);
      print(layOut([head, ...rows]).join('\n'));
    }
    return 0;
  },
};
