import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findErrorCode } from './describe-error.ts';
import { isGone, readOwnHolder } from './lock-holder.ts';
import { parseObject } from './parse-object.ts';

const pollMs = 25;
/** How often it is asked whether its holder is still there, which on some systems takes a program. */
const lookMs = 250;
/** Nobody works this long under a lock. It counts where nothing better is known of whoever has it. */
const abandonedMs = 60_000;

/** What file systems answer that have no hard links (link(2)), or no room for another one. */
const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

export interface LockOptions {
  readonly timeoutMs: number;
  /** Injected by tests: file systems without hard links are rarely at hand. */
  readonly makeLink?: typeof link;
}

/** Waits for a lock that all processes of this user share, and holds it until it is disposed of. What a killed process
 * left is taken over.
 * @param path its file; the folder is made
 * @returns undefined when another process still has it after the time
 */
export async function holdLock(
  path: string,
  { timeoutMs, makeLink = link }: LockOptions,
): Promise<AsyncDisposable | undefined> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  const own = JSON.stringify({ id: randomUUID(), ...(await readOwnHolder()) });
  await writeFile(draft, own, { mode: 0o600 });
  try {
    const until = performance.now() + timeoutMs;
    let looksAgainAt = 0;
    while (!(await take(draft, path, own, makeLink))) {
      const now = performance.now();
      const looks = now >= looksAgainAt;
      if (looks) looksAgainAt = now + lookMs;
      if (looks && (await isAbandoned(path))) await breakLock(path);
      else if (now > until) return undefined;
      else await delay(pollMs);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async [Symbol.asyncDispose]() {
      // Who was stopped for long, as with the whole machine, may have lost it to another.
      if ((await readFile(path, 'utf8').catch(() => undefined)) === own) await rm(path, { force: true });
    },
  };
}

/** A link is made or not, whoever else tries: there is no moment in which the file is there without its owner. Where the file system
 * has no hard links (FAT, some of networks and of virtual machines) the file is made new, which is as exclusive; who is killed before
 * it has written itself down there is waited for until the lock counts as abandoned.
 */
async function take(draft: string, path: string, own: string, makeLink: typeof link): Promise<boolean> {
  try {
    await makeLink(draft, path);
    return true;
  } catch (error) {
    if (findErrorCode(error) === 'EEXIST') return false;
    if (!withoutLinks.has(findErrorCode(error) ?? '')) throw error;
  }
  try {
    await writeFile(path, own, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (findErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const [text, times] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => []);
  if (text === undefined || times === undefined) return false; // given back meanwhile
  const isOld = Date.now() - times.mtimeMs > abandonedMs;
  const { pid, identity, scope } = parseObject(text) ?? {};
  if (typeof pid !== 'number' || typeof scope !== 'string') return isOld;
  return await isGone({ pid, scope, ...(typeof identity === 'string' ? { identity } : {}) }, isOld);
}

/** Of several that find it abandoned one removes it, and looks again before: another may have taken it since. */
async function breakLock(path: string): Promise<void> {
  const breaking = `${path}.breaking`;
  try {
    await mkdir(breaking);
  } catch {
    const times = await stat(breaking).catch(() => undefined);
    if (times !== undefined && Date.now() - times.mtimeMs > abandonedMs) await rmdir(breaking).catch(() => {});
    await delay(pollMs);
    return;
  }
  try {
    if (await isAbandoned(path)) await rm(path, { force: true });
  } finally {
    await rmdir(breaking).catch(() => {});
  }
}
