import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, rename, rm, rmdir } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { describe } from '../lib/describe-error.ts';
import { isObject } from '../lib/is-object.ts';
import type { ServerEntry } from './client.ts';
import { editFile, missingFolders } from './files/edit-file.ts';
import { holdClientLock } from './files/hold-client-lock.ts';
import { addEntry, findEntry, removeEntry } from './formats/edit.ts';
import { FileProblem, type FileValue, type Inserted } from './formats/format.ts';
import { aliveOf, type Holder } from './holder.ts';
import { digestOf, type Ledger, type LedgerEntry, type LedgerFile } from './ledger.ts';
import {
  backupSuffix,
  dropBackup,
  type EntryTask,
  findOurs,
  isWritten,
  memoryOf,
  type SaveLedger,
} from './our-entries.ts';

export interface PutEntry {
  readonly result: 'added' | 'updated' | 'unchanged';
  readonly ledger: Ledger;
  /** Could others read the file, and now they cannot? */
  readonly isClosed: boolean;
}

/** What is in a file under a name, and what is to be there. */
interface Found {
  readonly task: EntryTask;
  readonly server: ServerEntry;
  readonly ours: LedgerEntry | undefined;
  readonly current: unknown;
  readonly value: FileValue;
  /** Digest of what is there; undefined when nothing is. */
  readonly found: string | undefined;
  /** Of what is to be there. */
  readonly digest: string;
  /** Other gateways it stands there for. */
  readonly others: readonly Holder[];
}

/** Puts an entry into a client's settings; another's is never touched. A file with headers in it is made readable by its
 * owner only.
 * @returns what was done
 * @throws FileProblem when nothing was
 */
export async function putEntry(
  task: EntryTask,
  server: ServerEntry,
  ledger: Ledger,
  save: SaveLedger,
): Promise<PutEntry> {
  const { client, file, format, name, holder } = task;
  const value = client.entry(server);
  const made = await missingFolders(file);
  const ours = findOurs(ledger, client, file, name);
  const others = await aliveOf(ours?.heldBy ?? [], holder);
  const digest = digestOf(value);
  let after = ledger;
  let result: PutEntry['result'] = 'added';
  let isClosed = false;
  await using _ = client.lock === undefined ? undefined : await holdClientLock(file, client.lock);
  const edit = async (text: string | undefined, mode: number | undefined) => {
    if (client.makesFile === true && (text ?? '').trim() === '') {
      throw new FileProblem('its client has not made it yet', 'Start the client once, then try again');
    }
    const current = findEntry(format, text ?? '', client, name);
    const found = current === undefined ? undefined : digestOf(current);
    const state: Found = { task, server, ours, current, value, found, digest, others };
    result = found === undefined ? 'added' : found === digest ? 'unchanged' : 'updated';
    if (isSomebodys(state)) {
      result = 'unchanged';
      return { text };
    }
    checkOwner(state);
    const closed = closedFor(server, mode);
    isClosed = closed !== undefined;
    const entry = noteOf(state);
    const known = withMode(ledger.files[file], isClosed ? mode : undefined);
    if (result === 'unchanged' && ours?.digest === digest) {
      after = withNote(ledger, ours, entry, known);
      if (digestOf(after) !== digestOf(ledger)) await save(after);
      return { text, mode: closed };
    }
    const memory = ours === undefined ? {} : memoryOf(ledger, ours);
    const base = current === undefined ? (text ?? '') : removeEntry(format, text ?? '', client, { name, ...memory });
    const inserted = addEntry(format, base, client, { name, value, indent: client.indent });
    const isFirst = !ledger.entries.some((one) => one.file === file && one !== ours);
    const trace = traceOf(inserted, known, { isFirst, made: text === undefined ? made : undefined });
    const { joint } = inserted;
    after = withNote(ledger, ours, { ...entry, ...(joint === undefined ? {} : { joint }) }, trace);
    if (text !== undefined && ours === undefined && isFirst) await keepBackup(file);
    // Known before it is written: what is not in the ledger is never removed.
    await save(after);
    return { text: inserted.text, mode: closed };
  };
  await editFile(file, edit).catch(async (error: unknown) => {
    if (after !== ledger) await save(ledger);
    for (const folder of made.toReversed()) await rmdir(folder).catch(() => {});
    if (after !== ledger && ours === undefined) await dropBackup(ledger, file);
    throw error;
  });
  return { result, ledger: after, isClosed };
}

/** Does it stand there already because somebody wants it there, whatever Usher runs? Then it stays as it is.
 * @throws FileProblem when it is of no use to this server
 */
function isSomebodys({ task: { name, holder }, server, ours, current, value, found, digest }: Found): boolean {
  if (found === undefined) return false;
  if (ours === undefined) return found === digest;
  if (holder === undefined) return false;
  // Clients, too, add what they keep of a server: which of its tools need not ask.
  const isServed = found !== digest && holds(current, value);
  if (ours.heldBy !== undefined) return isServed && !isWritten(ours, found);
  const needsHeaders = Object.keys(server.headers ?? {}).length > 0;
  if (ours.url === server.url && (found === digest || isServed || !needsHeaders)) return true;
  const how = ours.url === server.url ? 'without the token that this server asks for' : `for ${ours.url}`;
  throw new FileProblem(
    `usher client add put ${name} there, ${how}`,
    `Give this server another name; or usher client remove ${name}, and start it again`,
  );
}

/** Is all that is wanted there, whatever else is? */
function holds(current: unknown, wanted: FileValue): boolean {
  if (!isObject(current) || !isObject(wanted)) return isDeepStrictEqual(current, wanted);
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(current, key) && holds(current[key], value));
}

/** @throws FileProblem for an entry that is not ours, not any more what we wrote, or another gateway's */
function checkOwner({ task: { name, holder, force }, server, ours, found, digest, others }: Found): void {
  if (found === undefined || found === digest) return;
  if (ours === undefined) {
    throw new FileProblem(
      `it has another server called ${name} that Usher did not write`,
      'Choose another name, or remove or rename that one in the client',
    );
  }
  if (!isWritten(ours, found) && !force) {
    throw new FileProblem(
      `somebody changed ${name} since Usher wrote it`,
      holder === undefined
        ? 'Give --force to have it written anew, or leave it as it is'
        : `usher client remove ${name} --force takes it out, and the next start writes it anew`,
    );
  }
  if (holder === undefined || others.length === 0) return;
  const where = ours.url === server.url ? 'otherwise' : `at ${ours.url}`;
  throw new FileProblem(
    `another usher (process ${others.map(({ pid }) => pid).join(', ')}) has its server ${name} there, ${where}`,
    'Give one of them another name',
  );
}

/** What is kept of the entry. Something that somebody asked for stays when gateways end. */
function noteOf({ task: { client, file, name, holder }, server: { url }, found, digest, ours, others }: Found) {
  const { joint } = ours ?? {};
  const entry: LedgerEntry = {
    client: client.id,
    file,
    name,
    url,
    digest,
    ...(found === undefined || found === digest ? {} : { formerly: found }),
    ...(joint === undefined || found !== digest ? {} : { joint }),
    ...(holder === undefined ? {} : { heldBy: [...others, holder] }),
  };
  return entry;
}

function withNote(
  ledger: Ledger,
  ours: LedgerEntry | undefined,
  entry: LedgerEntry,
  trace: LedgerFile | undefined,
): Ledger {
  const { file } = entry;
  return {
    ...ledger,
    entries: [...ledger.entries.filter((one) => one !== ours), entry],
    files: trace === undefined ? ledger.files : { ...ledger.files, [file]: trace },
  };
}

/** Permissions with which nobody but its owner reads the headers in a file; undefined where that is so. */
function closedFor({ headers = {} }: ServerEntry, mode: number | undefined): number | undefined {
  // On Windows these bits say nothing.
  if (mode === undefined || process.platform === 'win32' || Object.keys(headers).length === 0) return undefined;
  return (mode & 0o077) === 0 ? undefined : mode & ~0o077;
}

function withMode(known: LedgerFile | undefined, mode: number | undefined): LedgerFile | undefined {
  return mode === undefined ? known : { mode, ...known };
}

/** What has to be known of a file to leave it as it was. */
function traceOf(
  { trace }: Inserted,
  known: LedgerFile | undefined,
  { isFirst, made }: { isFirst: boolean; made: readonly string[] | undefined },
): LedgerFile {
  if (!isFirst && known !== undefined && made === undefined) return known;
  const mode = known?.mode === undefined || made !== undefined ? {} : { mode: known.mode };
  return { ...trace, ...mode, ...(made === undefined ? known?.made && { made: known.made } : { made: [...made] }) };
}

/** A link that somebody laid there, as a project of others can, is replaced and not followed: what the file says, in the place it leads to,
 * may be a program.
 */
async function keepBackup(file: string): Promise<void> {
  const backup = file + backupSuffix;
  const draft = `${backup}-${randomUUID()}`;
  try {
    await copyFile(file, draft, constants.COPYFILE_EXCL);
    await chmod(draft, 0o600);
    await rename(draft, backup);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new FileProblem(
      `no copy can be kept beside it: ${describe(cause)}`,
      'Mend the permissions of its folder, then try again',
      cause,
    );
  }
}
