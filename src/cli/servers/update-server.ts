import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { thisMachine, type Machine } from '../../clients/machine.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { leaves, workloadLeaf } from '../../config/leaves.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { buildFindSecret } from '../../secrets/build-find-secret.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { withServerLock } from '../../servers/claim-server.ts';
import { orderReload } from '../../servers/control.ts';
import { loadSaved } from '../../servers/load-saved.ts';
import { isAlive, type ServerView } from '../../servers/look-at-server.ts';
import { auditFile, ensureOwnFolder } from '../../servers/places.ts';
import { type ServerRecord, writeServerFile, writeServerRecord } from '../../servers/server-record.ts';
import { textsOf } from '../command.ts';
import type { CommandContext } from '../command-module.ts';
import { describeTarget } from '../target/describe-target.ts';
import { debugFlags } from '../options/load-arguments.ts';
import { readRunOptions, type RunChoices, runOptions } from '../target/one-server.ts';
import { dropSecrets, keepSecrets, placeAudit, writeLasting } from '../secrets/place-secrets.ts';
import { note, print, warn } from '../print.ts';
import { checkSaved, findServer } from '../options/server-options.ts';
import { givenFlags } from '../options/setting-options.ts';
import { SimpleValues } from '../options/simple-options.ts';
import { restartBehind } from './start-saved.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** What a server is from now on. */
interface Changed {
  readonly record: ServerRecord;
  readonly settings: string;
}

/** `usher update`: changes what a server was saved with, and has it go on with that.
 * @throws UsherError
 */
export async function updateServer(command: Command, context: CommandContext): Promise<number> {
  const machine = thisMachine(context.environment);
  const { view, before, chosen, loaded } = await readUpdate(command, context, machine);
  const { name } = view;
  for (const warning of loaded.warnings) warn(warning);
  const file = auditFile(machine, name);
  const config = placeAudit(loaded, file);
  if (config.audit.file === file) await ensureOwnFolder(dirname(file));
  const store = openSecretStore(context.environment);
  const { text, secrets } = writeLasting(config, { name, folder: process.cwd(), store });
  await keepSecrets(store, secrets);
  const kept = before.record.secrets.filter((secret) =>
    text.split('\n').some((line) => line.endsWith(`Ref: ${secret}`)),
  );
  const after: Changed = {
    record: {
      ...before.record,
      ...chosen,
      target: describeTarget(config.servers[name]),
      secrets: [...new Set([...kept, ...secrets.keys()])],
    },
    settings: text,
  };
  try {
    await write(view, after, machine);
    await goOn(view, { machine, context });
  } catch (error) {
    // It is what it was before, and runs as it ran.
    await write(view, before, machine);
    if (isAlive(view)) await restartBehind(view, { machine, context, force: false }).catch(() => {});
    const added = [...secrets.keys()].filter((secret) => !before.record.secrets.includes(secret));
    await dropSecrets(store, added).catch(() => {});
    note(`${name} was not changed: it has the settings it had`);
    throw error;
  }
  await dropSecrets(
    store,
    before.record.secrets.filter((secret) => !after.record.secrets.includes(secret)),
  );
  print(`${name} has its new settings${isAlive(view) ? '' : '; usher start runs it with them'}`);
  return 0;
}

interface ReadUpdate {
  readonly view: ServerView;
  readonly before: Changed;
  /** What is chosen anew beside the settings. */
  readonly chosen: Partial<RunChoices>;
  readonly loaded: LoadedConfig;
}

async function readUpdate(command: Command, context: CommandContext, machine: Machine): Promise<ReadUpdate> {
  const { tail, environment, hidden } = context;
  const { operands, problems: unknown } = sortLeftovers(command);
  const [name, second] = operands;
  const values = new SimpleValues(command, environment);
  const problems: Problem[] = [];
  if (name === undefined && unknown.length === 0)
    problems.push({ where: 'NAME', what: 'is missing; give the name of a server, usher list shows those there are' });
  if (second !== undefined)
    problems.push({ where: 'arguments', what: 'are too many: expected one NAME; a URL is --target-uri' });
  const { group, clients } = readRunOptions(values, problems);
  if (name === undefined || second !== undefined) throw reportUsage([...unknown, ...problems]);
  const view = await findServer(name, machine);
  const record = checkSaved(view, 'It runs in a terminal: stop it there, and run it with other flags');
  const before = { record, settings: await readFile(view.place.settings, 'utf8') };
  const given = textsOf(command, 'config').at(-1);
  const words = tail === undefined ? [] : [{ leaf: workloadLeaf('command'), label: 'COMMAND', texts: tail }];
  const unset = readUnset(command, problems);
  const loaded = loadSaved(view.place, {
    unset,
    flags: [...givenFlags(command, leaves), ...debugFlags(command), ...words],
    problems: [...unknown, ...problems, ...values.problems],
    findSecret: buildFindSecret(() => openSecretStore(environment)),
    // Nothing of it counts but what was a flag.
    environment: hidden,
    ...(given === undefined ? {} : { file: given, environment }),
  });
  const chosen = {
    ...(values.text(runOptions.group) === undefined || textsOf(command, 'group').length === 0 ? {} : { group }),
    ...(textsOf(command, 'client').length > 0 || values.isSet(runOptions.noClient) ? { clients } : {}),
  };
  return { view, before, chosen, loaded };
}

function readUnset(command: Command, problems: Problem[]): readonly string[] {
  const names = textsOf(command, 'unset').flatMap((text) => text.split(',').map((name) => name.trim()));
  if (names.includes(''))
    problems.push({ where: '--unset', what: 'names nothing; give the flag of a setting, without --' });
  const given = givenFlags(command, leaves).flatMap(({ leaf }) => leaf.meta.flag ?? []);
  for (const name of names.map((one) => one.replace(/^--/, '')))
    if (given.includes(name))
      problems.push({ where: '--unset', what: `names ${name}, which is given as well; keep one of them` });
  return names.filter((name) => name !== '');
}

async function write({ place }: ServerView, { record, settings }: Changed, machine: Machine): Promise<void> {
  await withServerLock(place, machine, async () => {
    await writeServerFile(place.settings, settings);
    await writeServerRecord(place, record);
  });
}

/** What can be taken over while calls go on is; anything else takes a restart. */
async function goOn(
  view: ServerView,
  { machine, context }: { machine: Machine; context: CommandContext },
): Promise<void> {
  if (!isAlive(view)) return;
  const control = view.run?.control;
  const answer = control === undefined ? undefined : await orderReload(control);
  if (answer?.isTaken === true) {
    note([`${view.name} took them over while calls went on`, ...answer.notes].join('\n'));
    return;
  }
  await restartBehind(view, { machine, context, force: false });
}
