import { reportUsage } from '../../config/report.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note, print, printJson, terminalColumns } from '../print.ts';
import { refuseOperands } from '../options/require.ts';
import { serverOptions } from '../options/server-options.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const options = {
  group: serverOptions.group,
  json: serverOptions.json,
  debug: serverOptions.debug,
} as const satisfies Record<string, SimpleOption>;

/** `usher list` */
export const listCommand: CommandModule = {
  build() {
    const command = buildCommand('usher list', {
      summary: 'Lists the servers that run here, and those that were stopped, or fell. Each is asked how it is.',
      usage: '[--group NAME] [--json]',
      examples: ['usher list', 'usher list --group work --json'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const group = values.text(options.group);
    const problems = [...sortLeftovers(command).problems, ...refuseOperands(command, tail), ...values.problems];
    if (problems.length > 0) throw reportUsage(problems);
    const [{ thisMachine }, { lookAtServers }, { ofGroup }, { describeList, toJson }] = await Promise.all([
      import('../../clients/machine.ts'),
      import('../../servers/look-at-server.ts'),
      import('../options/server-options.ts'),
      import('../servers/describe-servers.ts'),
    ]);
    const all = await lookAtServers(thisMachine(environment));
    const views = group === undefined ? all : ofGroup(all, group);
    if (values.isSet(options.json)) printJson(views.map(toJson));
    else if (views.length === 0) note('No servers; usher run makes the first one');
    else print(describeList(views, { columns: terminalColumns() }));
    return 0;
  },
};
