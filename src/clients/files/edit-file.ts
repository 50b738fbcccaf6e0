import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  access,
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { adviseWriting, describe, findErrorCode } from '../../lib/describe-error.ts';
import { FileProblem } from '../formats/format.ts';

const byteOrderMark = '\uFEFF';
const mostAttempts = 20;
const mostLinks = 16;

/** What a file is to be. */
export interface Edited {
  /** Undefined for no file. */
  readonly text: string | undefined;
  /** Its permissions, where they are to change. */
  readonly mode?: number | undefined;
}

/** What an edit is told, and what it says. */
export interface Edit {
  /** The text before, without a byte order mark, and its permissions (the twelve bits of chmod); undefined when there is no
   * file.
   * @returns what it is to be, or the text alone
   */
  (
    text: string | undefined,
    mode: number | undefined,
  ): Promise<string | Edited | undefined> | string | Edited | undefined;
}

/** Edits a file of somebody else's: whole or not at all, with its mode and owner, where a link leads, and only if nobody
 * wrote it meanwhile; else it is read and edited again.
 * @throws FileProblem when it cannot be read or written; what the edit throws
 */
export async function editFile(path: string, edit: Edit): Promise<void> {
  const target = await orProblem('read', followLinks(path));
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const before = await orProblem('read', readBytes(target));
    const modeBefore = before === undefined ? undefined : await findMode(target);
    const text = before === undefined ? undefined : decode(before);
    const mark = text?.startsWith(byteOrderMark) === true ? byteOrderMark : '';
    const said = await edit(text?.slice(mark.length), modeBefore);
    const { text: after, mode } = typeof said === 'object' ? said : { text: said, mode: undefined };
    const bytes = after === undefined ? undefined : Buffer.from(mark + after);
    if (isSame(before, bytes)) {
      if (mode !== undefined && mode !== modeBefore) await orProblem('write', chmod(target, mode));
      return;
    }
    if (await orProblem('write', replace(target, before, bytes, mode))) return;
    await delay(5 + attempt * 5);
  }
  throw new FileProblem('another program keeps writing it', 'Close the client, then try again');
}

/** Reads such a file; undefined when there is none.
 * @throws FileProblem
 */
export async function readText(path: string): Promise<string | undefined> {
  const bytes = await orProblem('read', readBytes(path));
  const text = bytes === undefined ? undefined : decode(bytes);
  return text?.startsWith(byteOrderMark) === true ? text.slice(byteOrderMark.length) : text;
}

/** The folders on the way to a file that are not there, the outermost first. */
export async function missingFolders(path: string): Promise<readonly string[]> {
  const folder = dirname(path);
  const isThere = await lstat(folder).then(
    () => true,
    () => false,
  );
  return isThere || folder === path ? [] : [...(await missingFolders(folder)), folder];
}

async function readBytes(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FileProblem('it is no UTF-8 text', 'Save it as UTF-8 in an editor, then try again', cause);
  }
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}

async function findMode(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ mode }) => mode & 0o7777,
    () => undefined,
  );
}

/** Where a path leads, also when the file at the end of its links is not there yet. */
async function followLinks(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (findErrorCode(error) !== 'ENOENT' || links > mostLinks) throw error;
    const found = await lstat(path).catch(() => undefined);
    return found?.isSymbolicLink() === true
      ? followLinks(resolve(dirname(path), await readlink(path)), links + 1)
      : path;
  }
}

/** Puts the new bytes in the place of the old ones; false when those are not there any more. */
async function replace(
  target: string,
  before: Buffer | undefined,
  after: Buffer | undefined,
  mode: number | undefined,
): Promise<boolean> {
  const old = before === undefined ? undefined : await stat(target);
  // A rename would not care, nor would root.
  if (old !== undefined && (old.mode & 0o222) === 0) {
    throw new FileProblem('it is read-only', 'Make it writable; or, if another program makes it, add the server there');
  }
  if (old !== undefined) await access(target, constants.W_OK);
  if (after === undefined) {
    if (!isSame(await readBytes(target), before)) return false;
    await rm(target);
    return true;
  }
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.usher-${randomUUID()}`;
  try {
    await writeFile(draft, after, { mode: 0o600, flush: true, flag: 'wx' });
    if (old !== undefined) await takeOver(draft, old, mode);
    if (!isSame(await readBytes(target), before)) return false;
    await (old === undefined ? moveToNew(draft, target) : moveOver(draft, target));
    return true;
  } catch (error) {
    if (old === undefined && findErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function takeOver(draft: string, { uid, gid, mode: own }: Stats, mode = own): Promise<void> {
  const mine = await stat(draft);
  if (mine.uid !== uid || mine.gid !== gid) {
    try {
      await chown(draft, uid, gid);
    } catch (cause) {
      throw new FileProblem('it belongs to another user', 'Run this command as that user', cause);
    }
  }
  await chmod(draft, mode & 0o7777);
}

/** Unlike a rename, a link fails when somebody made the file meanwhile. */
async function moveToNew(draft: string, target: string): Promise<void> {
  try {
    await link(draft, target);
  } catch (error) {
    if (findErrorCode(error) === 'EEXIST') throw error;
    await rename(draft, target); // a file system without hard links
  }
}

/** On Windows a file that somebody reads at the moment cannot be replaced. */
async function moveOver(draft: string, target: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(draft, target);
      return;
    } catch (error) {
      const isBusy = ['EPERM', 'EBUSY', 'EACCES'].includes(findErrorCode(error) ?? '');
      if (process.platform !== 'win32' || !isBusy || attempt === mostAttempts) throw error;
      await delay(10);
    }
  }
}

async function orProblem<T>(what: 'read' | 'write', work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof FileProblem) throw cause;
    throw new FileProblem(
      `it cannot be ${what === 'read' ? 'read' : 'written'}: ${describe(cause)}`,
      `${adviseWriting(cause, 'Mend the permissions of the file and its folder')}, then try again`,
      cause,
    );
  }
}
