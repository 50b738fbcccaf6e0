import { copyFile, chmod, rm, rmdir } from 'node:fs/promises';
import { sep } from 'node:path';
import { describe } from '../lib/describe-error.ts';
import type { Client } from './client.ts';
import { editFile, missingFolders } from './files/edit-file.ts';
import { holdClientLock } from './files/hold-client-lock.ts';
import { addEntry, findEntry, removeEntry } from './formats/edit.ts';
import { FileProblem, type FileValue, type Format } from './formats/format.ts';
import { digestOf, type Ledger, type LedgerEntry, type LedgerFile } from './ledger.ts';

/** What the settings said before, kept beside them while something of ours is in them. */
export const backupSuffix = '.before-usher';

export interface Task {
  readonly client: Client;
  readonly file: string;
  readonly format: Format;
  readonly name: string;
  /** Also what people changed since. */
  readonly force: boolean;
}

type Save = (ledger: Ledger) => Promise<void>;

/** Puts an entry into a client's settings; another's is never touched.
 * @returns what was done
 * @throws FileProblem when nothing was
 */
export async function putEntry(
  { client, file, format, name, force }: Task,
  { url, value }: { url: string; value: FileValue },
  ledger: Ledger,
  save: Save,
): Promise<{ result: 'added' | 'updated' | 'unchanged'; ledger: Ledger; isOurs: boolean }> {
  const made = await missingFolders(file);
  const ours = findOurs(ledger, client, file, name);
  const digest = digestOf(value);
  let after = ledger;
  let result: 'added' | 'updated' | 'unchanged' = 'added';
  let isOurs = true;
  await using _ = client.lock === undefined ? undefined : await holdClientLock(file, client.lock);
  await editFile(file, async (text) => {
    if (client.makesFile === true && (text ?? '').trim() === '') {
      throw new FileProblem('its client has not made it yet', 'Start the client once, then try again');
    }
    const current = findEntry(format, text ?? '', client, name);
    const found = current === undefined ? undefined : digestOf(current);
    result = current === undefined ? 'added' : found === digest ? 'unchanged' : 'updated';
    isOurs = ours !== undefined || current === undefined;
    if (!isOurs && result === 'unchanged') return text;
    if (current !== undefined) checkOwner({ ours, found, digest, name, force });
    if (result === 'unchanged' && ours?.digest === digest) return text;
    const memory = ours === undefined ? {} : memoryOf(ledger, ours);
    const base = current === undefined ? (text ?? '') : removeEntry(format, text ?? '', client, { name, ...memory });
    const inserted = addEntry(format, base, client, { name, value, indent: client.indent });
    const isFirst = !ledger.entries.some((entry) => entry.file === file && entry !== ours);
    const known = ledger.files[file];
    const trace: LedgerFile =
      isFirst || known === undefined || text === undefined
        ? { ...inserted.trace, ...(text === undefined ? { made: [...made] } : known?.made && { made: known.made }) }
        : known;
    const { joint } = inserted;
    after = {
      ...ledger,
      entries: [
        ...ledger.entries.filter((entry) => entry !== ours),
        { client: client.id, file, name, url, digest, ...(joint === undefined ? {} : { joint }) },
      ],
      files: { ...ledger.files, [file]: trace },
    };
    if (text !== undefined && ours === undefined && isFirst) await keepBackup(file);
    // Known before it is written: what is not in the ledger is never removed.
    await save(after);
    return inserted.text;
  }).catch(async (error: unknown) => {
    if (after !== ledger) await save(ledger);
    if (after !== ledger && ours === undefined) await dropBackup(ledger, file);
    throw error;
  });
  return { result, ledger: after, isOurs };
}

/** Takes our entry out of a client's settings again, with all that was made for it.
 * @throws FileProblem when nothing was done
 */
export async function takeEntry(
  { client, file, format, name, force }: Task,
  ours: LedgerEntry,
  ledger: Ledger,
  save: Save,
): Promise<{ result: 'removed' | 'gone'; ledger: Ledger }> {
  let result: 'removed' | 'gone' = 'gone';
  const made = ledger.files[file]?.made;
  const entries = ledger.entries.filter((entry) => entry !== ours);
  const isLast = !entries.some((entry) => entry.file === file);
  await using lock = client.lock === undefined ? undefined : await holdClientLock(file, client.lock);
  await editFile(file, (text) => {
    const current = text === undefined ? undefined : findEntry(format, text, client, name);
    result = current === undefined ? 'gone' : 'removed';
    if (text === undefined || current === undefined) return text;
    if (!force && digestOf(current) !== ours.digest) {
      throw new FileProblem(
        `somebody changed ${name} since Usher wrote it`,
        'Remove it there yourself, or give --force to have it removed as it is',
      );
    }
    const rest = removeEntry(format, text, client, { name, ...memoryOf(ledger, ours) });
    return isLast && made !== undefined && rest === '' ? undefined : rest;
  });
  await lock?.[Symbol.asyncDispose]();
  const files = isLast ? await leaveFolders(ledger.files, file) : ledger.files;
  const after = { ...ledger, entries, files };
  await save(after);
  if (isLast) await dropBackup(after, file);
  return { result, ledger: after };
}

export function findOurs(ledger: Ledger, client: Client, file: string, name: string): LedgerEntry | undefined {
  return ledger.entries.find((entry) => entry.client === client.id && entry.file === file && entry.name === name);
}

function memoryOf(ledger: Ledger, { file, joint }: LedgerEntry): { trace?: LedgerFile; joint?: string } {
  const trace = ledger.files[file];
  return { ...(trace === undefined ? {} : { trace }), ...(joint === undefined ? {} : { joint }) };
}

/** @throws FileProblem for an entry that is not ours, or not any more what we wrote */
function checkOwner({
  ours,
  found,
  digest,
  name,
  force,
}: {
  ours: LedgerEntry | undefined;
  found: string | undefined;
  digest: string;
  name: string;
  force: boolean;
}): void {
  if (ours === undefined) {
    throw new FileProblem(
      `it has another server called ${name} that Usher did not write`,
      'Choose another name, or remove or rename that one in the client',
    );
  }
  if (found === ours.digest || found === digest || force) return;
  throw new FileProblem(
    `somebody changed ${name} since Usher wrote it`,
    'Give --force to have it written anew, or leave it as it is',
  );
}

async function keepBackup(file: string): Promise<void> {
  try {
    await copyFile(file, file + backupSuffix);
    await chmod(file + backupSuffix, 0o600);
  } catch (cause) {
    throw new FileProblem(
      `no copy can be kept beside it: ${describe(cause)}`,
      'Mend the permissions of its folder, then try again',
      cause,
    );
  }
}

/** Removes the folders that were made for a file, and the file from the ledger. A folder that another of ours is still in
 * goes with that one.
 */
async function leaveFolders(files: Ledger['files'], file: string): Promise<Ledger['files']> {
  const { [file]: trace, ...others } = files;
  for (const folder of trace?.made?.toReversed() ?? []) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (isGone) continue;
    const heir = Object.entries(others).find(([path, { made }]) => made !== undefined && path.startsWith(folder + sep));
    if (heir !== undefined) others[heir[0]] = { ...heir[1], made: [folder, ...(heir[1].made ?? [])] };
  }
  return others;
}

/** A copy from before is of no use any more when nothing of ours is in the file. */
async function dropBackup(ledger: Ledger, file: string): Promise<void> {
  if (!ledger.entries.some((entry) => entry.file === file)) await rm(file + backupSuffix, { force: true });
}
