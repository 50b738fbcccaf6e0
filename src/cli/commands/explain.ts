import { loadConfig } from '../../config/load.ts';
import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { describe } from '../../lib/describe-error.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import { fail } from '../../model/usher-error.ts';
import { buildCommand } from '../command.ts';
import type { CommandContext, CommandModule } from '../command-module.ts';
import { printJson, printReport } from '../print.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../simple-options.ts';
import { sortLeftovers } from '../unknown-flags.ts';

const options = {
  auditFile: {
    flags: '--audit-file <PATH>',
    help: 'The audit trail to look in',
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
        '# The id of a refusal: error.data.id of the answer, request_id of a challenge\nusher explain da5feec7-1d57-4cd9-9601-c74af49766f1 -f usher.yaml',
        '# A file from another machine\nusher explain da5feec7-1d57-4cd9-9601-c74af49766f1 \\\n  --audit-file audit.jsonl --json',
      ],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const values = new SimpleValues(command, environment);
    const [id, second] = operands;
    const found = findAuditFile(values, environment);
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
    const explained = (await read(found.path, id ?? '')).map(explainRecord);
    if (values.isSet(options.json)) printJson(explained);
    else printReport(explained.map(describeExplanation).join('\n'));
    return 0;
  },
};

/** Where the trail is: said outright, or by the configuration. */
function findAuditFile(
  values: SimpleValues,
  environment: CommandContext['environment'],
): { readonly path: string; readonly problems: readonly Problem[] } {
  const path = values.text(options.auditFile);
  if (path !== undefined && path !== '-') return { path, problems: [] };
  const file = values.text(options.config);
  const { config } = file === undefined ? {} : loadConfig({ file, flags: [], environment });
  if (config !== undefined && config.audit.file !== '-') return { path: config.audit.file, problems: [] };
  const what =
    path === undefined && config === undefined
      ? 'is missing; give it, or -f with the configuration that names it'
      : 'is stdout; write that to a file and name it here';
  return { path: '', problems: [{ where: '--audit-file', what }] };
}

/** @throws UsherError usage_invalid when the file cannot be read, decision_unknown when it has no such id */
async function read(path: string, id: string): Promise<readonly AuditRecord[]> {
  const { findRecords } = await import('../../diagnose/find-records.ts');
  const records = await findRecords(path, id).catch((cause: unknown) => {
    throw reportUsage([{ where: '--audit-file', what: `is ${quote(path)}, which cannot be read: ${describe(cause)}` }]);
  });
  if (records.length === 0) throw fail('decision_unknown', { id, path });
  return records;
}
