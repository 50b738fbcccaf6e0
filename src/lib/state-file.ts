import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findErrorCode } from './describe-error.ts';

/** Reads a file of the state folder; undefined when it is not there yet. */
export async function findStateFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // ENOTDIR: the home of users who have none is sometimes /dev/null.
    if (['ENOENT', 'ENOTDIR'].includes(findErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Writes a file of the state folder, whole or not at all, readable by its owner only; folders are made as needed. */
export async function writeStateFile(file: string, text: string): Promise<void> {
  await withDraft(file, text, (draft) => rename(draft, file));
}

/** The same for a file that is not there yet: whoever is first makes it.
 * @returns false when somebody else did; theirs stays
 */
export async function writeNewStateFile(file: string, text: string): Promise<boolean> {
  try {
    await withDraft(file, text, (draft) => moveToNew(draft, file));
    return true;
  } catch (error) {
    if (findErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function withDraft(file: string, text: string, move: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flush: true });
    await move(draft);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Unlike a rename, a link fails when the file is there. */
async function moveToNew(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file);
  } catch (error) {
    const isThere = await stat(file).then(
      () => true,
      () => false,
    );
    if (isThere || findErrorCode(error) === 'EEXIST') throw Object.assign(new Error('it is there'), { code: 'EEXIST' });
    await rename(draft, file); // a file system without hard links
  }
}
