import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { hasEnded, markProcess } from '../../lib/process-mark.ts';

const prefix = 'usher-token-';
/** Beside the folder of the token: which process made it. */
const markName = 'process';

export interface TokenFolderOptions {
  /** Whoever reads in it may be another user of this machine: the user of a container, which sees this folder and nothing around it. */
  readonly isOtherUser: boolean;
}

/** Makes a folder for one token. The folder around it is closed to everybody but this user, so whatever the modes within it are,
 * only a process of this user gets there, or a container that was given just the inner one.
 * @returns the inner one; remove the one around it
 */
export async function makeTokenFolder({ isOtherUser }: TokenFolderOptions): Promise<string> {
  const around = await mkdtemp(join(await findPlace(), prefix));
  try {
    await writeFile(join(around, markName), markProcess(), { mode: 0o600 });
    const folder = join(around, 'given');
    await mkdir(folder);
    await chmod(folder, isOtherUser ? 0o755 : 0o700);
    return folder;
  } catch (error) {
    // On a full disk each call would leave one.
    await rm(around, { recursive: true, force: true });
    throw error;
  }
}

/** Removes the tokens of gateways of this user that were killed and could not. Those of a gateway that runs stay. */
export async function removeLeftTokens(): Promise<void> {
  const place = await findPlace();
  const names = (await readdir(place).catch(() => [])).filter((name) => name.startsWith(prefix));
  for (const name of names) {
    // Somebody else may be removing it just now.
    if (await isLeft(join(place, name))) await rm(join(place, name), { recursive: true, force: true });
  }
}

/** In memory where the system has such a place for each user, which is gone when the machine stops
 * (XDG Base Directory Specification, `XDG_RUNTIME_DIR`).
 */
async function findPlace(): Promise<string> {
  const own = process.env['XDG_RUNTIME_DIR'];
  return own !== undefined && isAbsolute(own) && (await isOwnFolder(own)) ? own : tmpdir();
}

/** Of this user, and no link to one. */
async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && (process.getuid === undefined || found.uid === process.getuid());
}

/** Anybody may make folders in /tmp: what is of another user, or no folder, is left alone. */
async function isLeft(path: string): Promise<boolean> {
  if (!(await isOwnFolder(path))) return false;
  const mark = await readFile(join(path, markName), 'utf8').catch(() => '');
  return hasEnded(mark);
}
