import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { clientOptions, readClients, readName } from '../options/client-options.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note } from '../print.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const options = {
  client: clientOptions.client,
  force: { flags: '--force', help: 'Also where people changed what Usher wrote', group: 'Clients' },
  json: clientOptions.json,
  debug: clientOptions.debug,
} as const satisfies Record<string, SimpleOption>;

/** `usher client remove NAME` */
export const clientRemoveCommand: CommandModule = {
  build() {
    const command = buildCommand('usher client remove', {
      summary:
        'Takes a server out of all MCP clients Usher wrote it into, and leaves their settings as they were before, to the byte.',
      usage: 'NAME [--client LIST] [--force] [--json]',
      examples: ['usher client remove apollo', 'usher client remove apollo --client cursor'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const values = new SimpleValues(command, environment);
    const [{ thisMachine }, { removeServer }, { installedClients }, { reportOutcomes }] = await Promise.all([
      import('../../clients/machine.ts'),
      import('../../clients/remove-server.ts'),
      import('../options/client-options.ts'),
      import('../clients/describe-clients.ts'),
    ]);
    const machine = thisMachine(environment);
    const all: Problem[] = [...problems];
    const name = readName(operands, tail, all);
    const named = readClients(values, machine, all);
    all.push(...values.problems);
    if (all.length > 0) throw reportUsage(all);
    const clients = named === 'installed' ? installedClients(machine) : named;
    const outcomes = await removeServer(name, {
      machine,
      force: values.isSet(options.force),
      ...(clients === undefined ? {} : { clients }),
    });
    if (outcomes.length === 0 && !values.isSet(options.json)) {
      note(`Usher wrote no server called ${name} into a client; usher client status shows what it wrote`);
      return 0;
    }
    return reportOutcomes(outcomes, { task: `remove ${name}`, isJson: values.isSet(options.json) });
  },
};
