import type { Command } from 'commander';
import { isRunHere, leafOfFlag, leaves } from '../../config/leaves.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { UsherError } from '../../model/usher-error.ts';
import { buildCommand, textsOf } from '../command.ts';
import type { CommandContext, CommandModule } from '../command-module.ts';
import { aidOptions, readAids } from '../options/doctor-aids.ts';
import { addAnyOptions, loadAny } from '../target/load-any.ts';
import { loadArguments } from '../options/load-arguments.ts';
import { printJson, printReport } from '../print.ts';
import { addSettingOptions } from '../options/setting-options.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const group = 'Checks';
const options = {
  strict: { flags: '--strict', help: 'End with 1 for warnings, too', group },
  json: { flags: '--json', help: 'JSON instead of text', group },
} as const satisfies Record<string, SimpleOption>;

/** `usher doctor` */
export const doctorCommand: CommandModule = {
  build() {
    const command = buildCommand('usher doctor', {
      summary:
        'Checks the whole chain before any user tries: issuer, keys, clock, metadata, sign-in, exchange, the server behind. Each check passes, warns of what will stop to work soon, fails or is unknown, with evidence and fix; ends with 1 when one fails.',
      usage:
        '-f FILE [options]\n       usher doctor [options of run] URL\n       usher doctor NAME --target-uri URL [options of proxy]',
      examples: [
        'usher doctor -f usher.yaml --client-id 0oa1vscode',
        '# And the policies, rules, trust and apps of the org\nusher doctor -f usher.yaml --okta-api-token-file okta-token.txt',
        '# The whole way to the service, with a signed-in user\'s token\nusher doctor -f usher.yaml --caller-token-file token.txt --tool GetCountry --tool-arguments \'{"code":"SE"}\'',
      ],
    });
    addSimpleOptions(command, [...Object.values(aidOptions), ...Object.values(options)]);
    addSettingOptions(command, [leafOfFlag('target-uri')]);
    return addAnyOptions(command);
  },
  async execute(command, context) {
    const values = new SimpleValues(command, context.environment);
    const aids = readAids(values, context.environment);
    if (values.problems.length > 0) throw reportUsage(values.problems);
    const isJson = values.isSet(options.json);
    const loaded = await load(command, context, isJson);
    if (loaded === undefined) return 1;
    const [{ runDoctor }, { describeReports }] = await Promise.all([
      import('../../diagnose/run-doctor.ts'),
      import('../../diagnose/describe-reports.ts'),
    ]);
    const servers = await runDoctor(loaded.config, { aids });
    const isStrict = values.isSet(options.strict);
    const isGood = servers.every(({ checks }) =>
      checks.every(({ result }) => result !== 'fail' && (result !== 'warn' || !isStrict)),
    );
    if (isJson) printJson({ ok: isGood, servers });
    else printReport(describeReports(servers));
    return isGood ? 0 : 1;
  },
};

/** The configuration is the first thing that can be wrong. Undefined when it was, and was said as JSON.
 * @throws UsherError config_invalid for a person
 */
async function load(command: Command, context: CommandContext, isJson: boolean): Promise<LoadedConfig | undefined> {
  try {
    return textsOf(command, 'targetUri').length > 0 ? loadAsProxy(command, context) : await loadAny(command, context);
  } catch (error) {
    if (!isJson || !(error instanceof UsherError) || error.code !== 'config_invalid') throw error;
    const { message: evidence, hint: fix } = error;
    const title = 'The configuration can be used';
    const check = { id: 'configuration', title, result: 'fail', evidence, cause: 'configuration', fix };
    printJson({ ok: false, servers: [{ server: '', checks: [check] }] });
    return undefined;
  }
}

function loadAsProxy(command: Command, { tail, environment }: CommandContext): LoadedConfig {
  const [name, second] = sortLeftovers(command).operands;
  const problems: Problem[] =
    second === undefined && tail === undefined
      ? []
      : [{ where: 'arguments', what: 'are too many: expected one NAME beside --target-uri' }];
  return loadArguments(command, {
    leaves: leaves.filter((leaf) => !isRunHere(leaf)),
    problems,
    oneServer: {
      ...(name === undefined ? {} : { name }),
      spelling: { upstream: '--target-uri', upstreamAdvice: 'give the URL of the MCP server' },
    },
    environment,
  });
}
