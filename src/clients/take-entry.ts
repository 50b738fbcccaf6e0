import { rmdir } from 'node:fs/promises';
import { sep } from 'node:path';
import { editFile } from './files/edit-file.ts';
import { holdClientLock } from './files/hold-client-lock.ts';
import { findEntry, removeEntry } from './formats/edit.ts';
import { FileProblem } from './formats/format.ts';
import { digestOf, type Ledger, type LedgerEntry, type LedgerFile } from './ledger.ts';
import { dropBackup, type EntryTask, isWritten, memoryOf, type SaveLedger } from './our-entries.ts';

/** Takes our entry out of a client's settings again, with all that was made for it.
 * @throws FileProblem when nothing was done
 */
export async function takeEntry(
  { client, file, format, name, force }: EntryTask,
  ours: LedgerEntry,
  ledger: Ledger,
  save: SaveLedger,
): Promise<{ result: 'removed' | 'gone'; ledger: Ledger }> {
  let result: 'removed' | 'gone' = 'gone';
  const made = ledger.files[file]?.made;
  const entries = ledger.entries.filter((entry) => entry !== ours);
  const isLast = !entries.some((entry) => entry.file === file);
  await using lock = client.lock === undefined ? undefined : await holdClientLock(file, client.lock);
  await editFile(file, (text, mode) => {
    const current = text === undefined ? undefined : findEntry(format, text, client, name);
    result = current === undefined ? 'gone' : 'removed';
    if (text === undefined || current === undefined) return text;
    if (!force && !isWritten(ours, digestOf(current))) {
      throw new FileProblem(
        `somebody changed ${name} since Usher wrote it`,
        `Remove it there yourself; or usher client remove ${name} --force takes it out as it is`,
      );
    }
    const rest = removeEntry(format, text, client, { name, ...memoryOf(ledger, ours) });
    if (isLast && made !== undefined && rest === '') return undefined;
    return { text: rest, mode: isLast ? formerMode(ledger.files[file], mode) : undefined };
  });
  await lock?.[Symbol.asyncDispose]();
  const files = isLast ? await leaveFolders(ledger.files, file) : ledger.files;
  const after = { ...ledger, entries, files };
  await save(after);
  if (isLast) await dropBackup(after, file);
  return { result, ledger: after };
}

/** The permissions it had before others were kept from reading headers in it, unless somebody has changed them since. */
function formerMode(trace: LedgerFile | undefined, mode: number | undefined): number | undefined {
  return trace?.mode !== undefined && mode === (trace.mode & ~0o077) ? trace.mode : undefined;
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
