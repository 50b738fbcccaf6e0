import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { thisMachine, type Machine } from '../../clients/machine.ts';
import { leaves } from '../../config/leaves.ts';
import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { fail } from '../../model/usher-error.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { checkNewName, keepServer } from '../../servers/claim-server.ts';
import { auditFile, ensureOwnFolder } from '../../servers/places.ts';
import { textsOf } from '../command.ts';
import type { CommandContext } from '../command-module.ts';
import { describeImport, toImportJson } from './describe-import.ts';
import { importOptions } from './import-options.ts';
import { readRunOptions } from '../target/one-server.ts';
import { keepSecrets } from '../secrets/place-secrets.ts';
import { type PreparedServer, prepareImport } from './prepare-import.ts';
import { note, print, printJson } from '../print.ts';
import { type ReadRunConfig, readRunConfigs } from './read-run-configs.ts';
import { givenFlags } from '../options/setting-options.ts';
import { SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher import`: makes servers of configurations of others, all of them or none. Returns the exit code.
 * @throws UsherError import_refused, server_exists, usage_invalid
 */
export async function importServers(command: Command, context: CommandContext): Promise<number> {
  const machine = thisMachine(context.environment);
  const { values, read, chosen, without } = await readImport(command, context, machine);
  const store = openSecretStore(context.environment);
  const flags = givenFlags(command, leaves);
  const name = values.text(importOptions.name);
  const prepared: PreparedServer[] = [];
  for (const one of read) {
    const server = prepareImport(one, { name, flags, without, chosen, store, machine, hidden: context.hidden });
    await checkNewName(server.record.name, machine);
    prepared.push(server);
  }
  refuseTwins(prepared);
  const mode = readMode(values);
  if (!(await agree(prepared.map(describeImport).join('\n\n'), mode))) {
    if (mode.isJson) printJson(prepared.map((one) => toImportJson(one, 'planned')));
    return mode.isDryRun ? 0 : 1;
  }
  for (const { record, settings, secrets } of prepared) {
    await ensureOwnFolder(dirname(auditFile(machine, record.name)));
    await keepServer({ record, settings }, machine, () => keepSecrets(store, secrets));
    note(`${record.name} is imported: usher start ${record.name} runs it`);
  }
  if (mode.isJson) printJson(prepared.map((one) => toImportJson(one, 'imported')));
  return 0;
}

interface ReadImport {
  readonly values: SimpleValues;
  readonly read: readonly ReadRunConfig[];
  readonly chosen: {
    readonly group: string | undefined;
    readonly clients: ReturnType<typeof readRunOptions>['clients'];
  };
  readonly without: ReadonlySet<string>;
}

async function readImport(
  command: Command,
  { tail, environment }: CommandContext,
  machine: Machine,
): Promise<ReadImport> {
  const { operands, problems: unknown } = sortLeftovers(command);
  const values = new SimpleValues(command, environment);
  const problems: Problem[] = [...unknown];
  if (operands.length === 0 && unknown.length === 0)
    problems.push({ where: 'FILE', what: 'is missing; give what thv export wrote, or a folder of such files' });
  if (tail !== undefined) problems.push({ where: '--', what: 'is not taken by usher import' });
  const { clients, group } = readRunOptions(values, problems);
  const mode = readMode(values);
  if (mode.isYes && mode.isDryRun)
    problems.push({ where: '--dry-run', what: 'is given beside --yes; keep one of them' });
  if (!mode.isYes && !mode.isDryRun && !process.stdin.isTTY)
    problems.push({
      where: '--yes',
      what: 'is missing; without a terminal nobody can be asked. --dry-run only shows the plan',
    });
  const name = values.text(importOptions.name);
  const without = new Set(
    (values.text(importOptions.without) ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter(Boolean),
  );
  problems.push(...values.problems);
  const read = problems.length > 0 ? [] : await readRunConfigs(operands, machine, problems);
  if (name !== undefined && read.length > 1)
    problems.push({ where: '--name', what: `is given for ${read.length} files; import them one by one` });
  problems.push(...checkWithout(without, read));
  if (problems.length > 0) throw reportUsage(problems);
  const isGrouped = textsOf(command, 'group').length > 0;
  return { values, read, chosen: { clients, group: isGrouped ? group : undefined }, without };
}

/** A key that keeps nothing out is a mistake: something else may be meant. */
function checkWithout(without: ReadonlySet<string>, read: readonly ReadRunConfig[]): Problem[] {
  const keys = new Set(read.flatMap(({ plan }) => plan.blocked.map(({ key }) => key)));
  return [...without]
    .filter((key) => !keys.has(key))
    .map((key) => {
      const known = keys.size === 0 ? 'nothing is in the way' : `what is in the way is ${[...keys].join(', ')}`;
      return { where: '--without', what: `names ${quote(key)}, but ${known}` };
    });
}

function refuseTwins(prepared: readonly PreparedServer[]): void {
  for (const [index, { file, record }] of prepared.entries()) {
    const twin = prepared.slice(0, index).find((one) => one.record.name === record.name);
    if (twin === undefined) continue;
    const advice = 'Import one of them alone, with --name NAME';
    throw fail('import_refused', {
      file,
      report: `its server is called ${record.name}, as that of ${twin.file}`,
      advice,
    });
  }
}

function readMode(values: SimpleValues) {
  return {
    isYes: values.isSet(importOptions.yes),
    isDryRun: values.isSet(importOptions.dryRun),
    isJson: values.isSet(importOptions.json),
  };
}

/** Shows what would be done and asks, unless that was answered on the command line. */
async function agree(text: string, { isYes, isDryRun, isJson }: ReturnType<typeof readMode>): Promise<boolean> {
  // With --json stdout is for the report alone; without, the plan is what a dry run is for.
  if (isDryRun && !isJson) print(text);
  else note(text);
  if (isYes || isDryRun) return isYes;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    if ((await lines.question('Import that? Only "yes" is taken for a yes: ')).trim() === 'yes') return true;
    note('Nothing was imported');
    return false;
  } finally {
    lines.close();
  }
}
