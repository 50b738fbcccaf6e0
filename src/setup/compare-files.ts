import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { findStateFile } from '../lib/state-file.ts';
import { fail } from '../model/usher-error.ts';
import type { UndoRecord } from './undo-record.ts';

/** What is to be done about a file: `edited` is one of ours that somebody changed, which stays as it is. */
export type FileState = 'write' | 'same' | 'edited';

/** Compares the files of a folder with those that are wanted, or, before anybody knows those, with what was written
 * last: then all that may have to be written are to `write`.
 * @throws UsherError `setup_conflict` for a file that is not a set-up's
 */
export async function compareFiles(
  folder: string,
  {
    record,
    title,
    names,
    wanted,
  }: {
    record: UndoRecord | undefined;
    title: string;
    names: readonly string[];
    wanted?: Readonly<Record<string, string>>;
  },
): Promise<Readonly<Record<string, FileState>>> {
  const states = await Promise.all(
    names.map(async (name): Promise<[string, FileState]> => {
      const text = await findStateFile(join(folder, name));
      if (text === undefined) return [name, 'write'];
      if (text === wanted?.[name]) return [name, 'same'];
      const written = record?.files[name];
      if (written !== undefined) return [name, written === hashOf(text) ? 'write' : 'edited'];
      const reason = `${join(folder, name)} is there already and was not written by this set-up`;
      throw fail('setup_conflict', {
        title,
        reason,
        advice: 'Choose another folder with --out, or move the file away',
      });
    }),
  );
  return Object.fromEntries(states);
}

/** What a record keeps of a file. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
