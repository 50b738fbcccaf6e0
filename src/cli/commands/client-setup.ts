import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { clientOptions, readClients } from '../options/client-options.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print } from '../print.ts';
import { refuseAll } from '../options/require.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';

const { client, debug } = clientOptions;

/** `usher client setup --client LIST` */
export const clientSetupCommand: CommandModule = {
  build() {
    const command = buildCommand('usher client setup', {
      summary:
        'Chooses once into which MCP clients servers are written from now on, instead of all that are installed.',
      usage: '--client LIST',
      examples: [
        'usher client setup --client vscode,claude-code',
        '# All that are found here, as it is without a choice\nusher client setup --client installed',
        '# None: only usher client add writes there, or usher run --client LIST\nusher client setup --client none',
      ],
    });
    return addSimpleOptions(command, [client, debug]);
  },
  async execute(command, { tail, environment }) {
    refuseAll(command, tail);
    const values = new SimpleValues(command, environment);
    const [{ choiceFile, thisMachine }, { chooseClients, writeChoice }] = await Promise.all([
      import('../../clients/machine.ts'),
      import('../../clients/choose-clients.ts'),
    ]);
    const machine = thisMachine(environment);
    const problems: Problem[] = [];
    const named = readClients(values, machine, problems);
    problems.push(...values.problems);
    if (named === undefined) problems.push({ where: '--client', what: 'is missing; usher client list shows the ids' });
    const project = typeof named === 'object' ? named.find((row) => row.project === true) : undefined;
    if (project !== undefined) {
      const what = `names ${project.id}, which is of one project; name it when you add a server`;
      problems.push({ where: '--client', what });
    }
    if (problems.length > 0) throw reportUsage(problems);
    await writeChoice(machine, named === 'installed' ? undefined : named);
    const titles = (await chooseClients(machine)).map(({ title }) => title).join(', ');
    const none = named === 'installed' ? 'no client: none was found here' : 'no client';
    print(`New servers go to ${titles === '' ? none : titles} (${choiceFile(machine)})`);
    return 0;
  },
};
