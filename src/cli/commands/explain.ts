import { loadConfig } from '../../config/load.ts';
import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { describe, findErrorCode } from '../../lib/describe-error.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import { fail } from '../../model/usher-error.ts';
import { buildCommand } from '../command.ts';
import type { CommandContext, CommandModule } from '../command-module.ts';
import { printJson, printReport } from '../print.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const options = {
  auditFile: {
    flags: '--audit-file <PATH>',
    help: 'The audit trail to look in; by default those of the servers usher run has here',
    group: 'Audit trail',
    env: 'USHER_AUDIT_FILE',
  },
  config: {
    flags: '-f, --config <FILE>',
    help: 'YAML file with the settings, which names the audit trail',
    group: 'Audit trail',
    env: 'USHER_CONFIG',
  },
  json: { flags: '--json', help: 'JSON instead of text: a list, one entry for each message', group: 'Output' },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Output' },
} as const satisfies Record<string, SimpleOption>;

/** `usher explain ID` */
export const explainCommand: CommandModule = {
  build() {
    const command = buildCommand('usher explain', {
      summary:
        'Explains one decision from the audit trail: each stage, what was found and expected, the provider’s words, the cause and the fix.',
      usage: 'ID [--audit-file PATH | -f FILE] [--json]',
      examples: [
        '# The id of a refusal: error.data.id of the answer, request_id of a challenge\nusher explain da5feec7-1d57-4cd9-9601-c74af49766f1',
        '# One of usher serve\nusher explain da5feec7-1d57-4cd9-9601-c74af49766f1 -f usher.yaml',
        '# A file from another machine\nusher explain da5feec7-1d57-4cd9-9601-c74af49766f1 \\\n  --audit-file audit.jsonl --json',
      ],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const values = new SimpleValues(command, environment);
    const [id, second] = operands;
    const found = await findTrails(values, environment);
    const all: Problem[] = [...problems, ...values.problems, ...found.problems];
    if (second !== undefined || tail !== undefined)
      all.push({ where: 'arguments', what: 'are too many: expected one ID' });
    if (id === undefined && problems.length === 0)
      all.push({ where: 'ID', what: 'is missing; it stands in the refusal as error.data.id' });
    else if (id !== undefined && !/^[\w-]{1,100}$/.test(id))
      all.push({ where: 'ID', what: `is ${quote(id)}, expected one such as da5feec7-1d57-4cd9-9601-c74af49766f1` });
    if (all.length > 0) throw reportUsage(all);
    const [{ explainRecord }, { describeExplanation }] = await Promise.all([
      import('../../diagnose/explain-record.ts'),
      import('../../diagnose/describe-explanation.ts'),
    ]);
    const explained = (await read(found, id ?? '')).map(explainRecord);
    if (values.isSet(options.json)) printJson(explained);
    else printReport(explained.map(describeExplanation).join('\n'));
    return 0;
  },
};

interface Trails {
  readonly paths: readonly string[];
  /** Were they found, not named? Then one of them may not be there yet. */
  readonly isGuess: boolean;
  readonly problems: readonly Problem[];
}

/** Where the trail is: said outright, by the configuration, or by the settings of the servers that are here. */
async function findTrails(values: SimpleValues, environment: CommandContext['environment']): Promise<Trails> {
  const path = values.text(options.auditFile);
  if (path !== undefined && path !== '-') return { paths: [path], isGuess: false, problems: [] };
  const file = values.text(options.config);
  const { config } = file === undefined ? {} : loadConfig({ file, flags: [], environment });
  if (config !== undefined && config.audit.file !== '-')
    return { paths: [config.audit.file], isGuess: false, problems: [] };
  const isSaid = path !== undefined || config !== undefined;
  const paths = isSaid ? [] : await findHere(environment);
  if (paths.length > 0) return { paths, isGuess: true, problems: [] };
  const what = isSaid
    ? 'is stdout; write that to a file and name it here'
    : 'is missing, and no server that usher run has here keeps one; give it, or -f with the configuration that names it';
  return { paths, isGuess: false, problems: [{ where: '--audit-file', what }] };
}

async function findHere(environment: CommandContext['environment']): Promise<readonly string[]> {
  const [{ thisMachine }, { findAuditFiles }] = await Promise.all([
    import('../../clients/machine.ts'),
    import('../../servers/find-audit-files.ts'),
  ]);
  return findAuditFiles(thisMachine(environment));
}

/** One that cannot be read keeps nobody from the others.
 * @throws UsherError usage_invalid when it is in none and one cannot be read, decision_unknown when none has such an id
 */
async function read({ paths, isGuess }: Trails, id: string): Promise<readonly AuditRecord[]> {
  const { findRecords } = await import('../../diagnose/find-records.ts');
  const unreadable: Problem[] = [];
  for (const path of paths) {
    const records = await findRecords(path, id).catch((cause: unknown) => {
      if (!isGuess || findErrorCode(cause) !== 'ENOENT')
        unreadable.push({ where: '--audit-file', what: `is ${quote(path)}, which cannot be read: ${describe(cause)}` });
      return [];
    });
    if (records.length > 0) return records;
  }
  if (unreadable.length > 0) throw reportUsage(unreadable);
  throw fail('decision_unknown', { id, path: paths.join(', nor in ') });
}
