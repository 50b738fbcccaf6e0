import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import { findClosest } from '../../lib/closest.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print, printJson } from '../print.ts';
import { refuseOperands } from '../options/require.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { watchStopSignal } from '../stop-signal.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const group = 'Lab';
const options = {
  only: { flags: '--only <NAME>', help: 'One fault only; --list names them', group },
  flavour: { flags: '--flavour <NAME>', help: 'Those of one provider only: okta, keycloak, auth0 or entra', group },
  list: { flags: '--list', help: 'List the faults and end', group },
  json: { flags: '--json', help: 'JSON instead of text', group },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Configuration' },
} as const satisfies Record<string, SimpleOption>;

/** `usher lab faults` */
export const labFaultsCommand: CommandModule = {
  build() {
    const command = buildCommand('usher lab faults', {
      summary:
        'Starts the scenario of the demo with one fault at a time, makes one call, and shows the fault beside what usher explain and usher doctor conclude. Ends with 1 when one of them is wrong.',
      usage: '[--only NAME | --flavour NAME] [--list] [--json]',
      examples: ['usher lab faults', 'usher lab faults --only untrusted-server', 'usher lab faults --list'],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const only = values.text(options.only);
    const [{ faultTable }, { labFlavours }] = await Promise.all([
      import('../../lab/fault-table.ts'),
      import('../../lab/start-fault-lab.ts'),
    ]);
    const wanted = values.text(options.flavour);
    if (wanted !== undefined && !labFlavours.some((flavour) => flavour === wanted))
      values.problems.push({
        where: '--flavour',
        what: `is ${quote(wanted)}, expected one of ${labFlavours.join(', ')}`,
      });
    const faults = faultTable.filter(
      ({ name, flavour = 'okta' }) =>
        (only === undefined || name === only) && (wanted === undefined || flavour === wanted),
    );
    if (faults.length === 0 && only !== undefined) {
      const closest = findClosest(
        only,
        faultTable.map(({ name }) => name),
      );
      const advice = closest === undefined ? 'see --list for those there are' : `did you mean ${closest}?`;
      values.problems.push({ where: '--only', what: `is ${quote(only)}, which is no fault; ${advice}` });
    }
    const problems = [...sortLeftovers(command).problems, ...refuseOperands(command, tail), ...values.problems];
    if (problems.length > 0) throw reportUsage(problems);
    const isJson = values.isSet(options.json);
    if (values.isSet(options.list)) {
      const list = faults.map(({ name, title }) => ({ name, title }));
      print(
        isJson
          ? JSON.stringify(list, undefined, 2)
          : list.map(({ name, title }) => `${name.padEnd(32)}${title}`).join('\n'),
      );
      return 0;
    }
    const [{ runFaults }, { describeFaultResult }] = await Promise.all([
      import('../../lab/run-faults.ts'),
      import('../../lab/describe-fault-result.ts'),
    ]);
    using stop = watchStopSignal();
    const results = await runFaults(faults, {
      stop: stop.signal,
      done: (result) => (isJson ? undefined : print(describeFaultResult(result))),
    });
    const right = results.filter(({ explain, doctor }) => explain.isRight && doctor.isRight).length;
    if (isJson) printJson({ ok: right === faults.length, faults: results });
    else print(`\n${right} of ${faults.length} named right by both`);
    return right === faults.length ? 0 : 1;
  },
};
