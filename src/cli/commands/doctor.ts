import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { isRunHere, leafOfFlag, leaves } from '../../config/leaves.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import type { Aids } from '../../diagnose/check.ts';
import { describe } from '../../lib/describe-error.ts';
import { parseObject } from '../../lib/parse-object.ts';
import { Secret } from '../../model/secret.ts';
import { UsherError } from '../../model/usher-error.ts';
import { buildCommand, textsOf } from '../command.ts';
import type { CommandContext, CommandModule } from '../command-module.ts';
import { addAnyOptions, loadAny } from '../load-any.ts';
import { loadArguments } from '../load-arguments.ts';
import { print } from '../print.ts';
import { addSettingOptions } from '../setting-options.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../simple-options.ts';
import { sortLeftovers } from '../unknown-flags.ts';

const group = 'Checks';
const options = {
  callerTokenFile: {
    flags: '--caller-token-file <PATH>',
    help: 'File with an access token that a client got: then the whole exchange is tried with it',
    group,
  },
  clientId: {
    flags: '--client-id <ID>',
    help: 'Client that people sign in with: then its redirect URIs are tried',
    group,
  },
  tool: { flags: '--tool <NAME>', help: 'Tool without side effects, to be called with the exchanged token', group },
  toolArguments: { flags: '--tool-arguments <JSON>', help: 'Its arguments, one JSON object', group, byDefault: '{}' },
  certificateDays: {
    flags: '--certificate-days <DAYS>',
    help: 'Warn of TLS certificates that end in fewer days (default 14, or a third of the life of short-lived ones)',
    group,
  },
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
        '# The whole way to the service, with a signed-in user\'s token\nusher doctor -f usher.yaml --caller-token-file token.txt --tool GetCountry --tool-arguments \'{"code":"SE"}\'',
      ],
    });
    addSimpleOptions(command, Object.values(options));
    addSettingOptions(command, [leafOfFlag('target-uri')]);
    return addAnyOptions(command);
  },
  async execute(command, context) {
    const values = new SimpleValues(command, context.environment);
    const aids = readAids(values);
    if (values.problems.length > 0) throw reportUsage(values.problems);
    const isJson = values.isSet(options.json);
    const loaded = load(command, context, isJson);
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
    print(isJson ? JSON.stringify({ ok: isGood, servers }, undefined, 2) : describeReports(servers));
    return isGood ? 0 : 1;
  },
};

/** The configuration is the first thing that can be wrong. Undefined when it was, and was said as JSON.
 * @throws UsherError config_invalid for a person
 */
function load(command: Command, context: CommandContext, isJson: boolean): LoadedConfig | undefined {
  try {
    return textsOf(command, 'targetUri').length > 0 ? loadAsProxy(command, context) : loadAny(command, context);
  } catch (error) {
    if (!isJson || !(error instanceof UsherError) || error.code !== 'config_invalid') throw error;
    const { message: evidence, hint: fix } = error;
    const title = 'The configuration can be used';
    const check = { id: 'configuration', title, result: 'fail', evidence, cause: 'configuration', fix };
    print(JSON.stringify({ ok: false, servers: [{ server: '', checks: [check] }] }, undefined, 2));
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

function readAids(values: SimpleValues): Aids {
  const callerToken = readTokenFile(values);
  const clientId = values.text(options.clientId);
  const name = values.text(options.tool);
  const certificateDays = readDays(values);
  const given = parseArguments(values.text(options.toolArguments) ?? '{}', values.problems);
  return {
    ...(callerToken === undefined ? {} : { callerToken }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(certificateDays === undefined ? {} : { certificateDays }),
    ...(name === undefined ? {} : { tool: { name, arguments: given } }),
  };
}

function readDays(values: SimpleValues): number | undefined {
  const text = values.text(options.certificateDays);
  if (text === undefined || /^\d{1,4}$/.test(text)) return text === undefined ? undefined : Number(text);
  values.problems.push({ where: '--certificate-days', what: `is ${quote(text)}, expected a number of days` });
  return undefined;
}

function readTokenFile(values: SimpleValues): Secret | undefined {
  const path = values.text(options.callerTokenFile);
  if (path === undefined) return undefined;
  try {
    const token = readFileSync(path, 'utf8')
      .trim()
      .replace(/^bearer\s+/i, '');
    if (token !== '') return new Secret(token);
    values.problems.push({ where: '--caller-token-file', what: 'names an empty file' });
  } catch (error) {
    values.problems.push({ where: '--caller-token-file', what: `cannot be read: ${describe(error)}` });
  }
  return undefined;
}

function parseArguments(text: string, problems: Problem[]): Readonly<Record<string, unknown>> {
  const value = parseObject(text);
  if (value !== undefined) return value;
  problems.push({ where: '--tool-arguments', what: 'is not a JSON object' });
  return {};
}
