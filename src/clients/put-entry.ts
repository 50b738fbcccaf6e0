import { chmod, copyFile, rmdir } from 'node:fs/promises';
import { describe } from '../lib/describe-error.ts';
import { editFile, missingFolders } from './files/edit-file.ts';
import { holdClientLock } from './files/hold-client-lock.ts';
import { addEntry, findEntry, removeEntry } from './formats/edit.ts';
import { FileProblem, type FileValue } from './formats/format.ts';
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

/** Puts an entry into a client's settings; another's is never touched.
 * @returns what was done
 * @throws FileProblem when nothing was
 */
export async function putEntry(
  { client, file, format, name, force }: EntryTask,
  { url, value }: { url: string; value: FileValue },
  ledger: Ledger,
  save: SaveLedger,
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
        {
          client: client.id,
          file,
          name,
          url,
          digest,
          ...(found === undefined || found === digest ? {} : { formerly: found }),
          ...(joint === undefined ? {} : { joint }),
        },
      ],
      files: { ...ledger.files, [file]: trace },
    };
    if (text !== undefined && ours === undefined && isFirst) await keepBackup(file);
    // Known before it is written: what is not in the ledger is never removed.
    await save(after);
    return inserted.text;
  }).catch(async (error: unknown) => {
    if (after !== ledger) await save(ledger);
    for (const folder of made.toReversed()) await rmdir(folder).catch(() => {});
    if (after !== ledger && ours === undefined) await dropBackup(ledger, file);
    throw error;
  });
  return { result, ledger: after, isOurs };
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
  if (isWritten(ours, found) || found === digest || force) return;
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
