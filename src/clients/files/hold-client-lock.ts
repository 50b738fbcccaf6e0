import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, findErrorCode } from '../../lib/describe-error.ts';
import { FileProblem } from '../formats/format.ts';

const pollMs = 25;
/** What both take for a lock that nobody holds any more. */
const staleMs = 10_000;
const timeoutMs = 15_000;

/** How a client locks its settings while it writes them: a folder FILE.lock, empty (as proper-lockfile makes it, and can
 * take it over) or with a file in it (as Cline does, which would put its own in the place of an empty one).
 */
export type ClientLock = 'empty-folder' | 'folder-with-owner';

/** Holds a client's own lock over its settings, so that neither writes while the other does.
 * @throws FileProblem when the client does not give it back, or it cannot be made
 */
export async function holdClientLock(file: string, kind: ClientLock): Promise<AsyncDisposable> {
  const path = `${file}.lock`;
  const owner = `owner.${randomUUID()}`;
  const take = kind === 'empty-folder' ? () => mkdir(path) : () => moveIn(path, owner);
  const until = performance.now() + timeoutMs;
  try {
    // A folder that is not there has nobody who locks anything in it.
    if ((await stat(dirname(file)).catch(() => undefined)) === undefined)
      return { [Symbol.asyncDispose]: async () => {} };
    while (!(await succeeds(take))) {
      if (await isStale(path)) await takeAway(path);
      else if (performance.now() > until) {
        throw new FileProblem('its client holds the lock over it', 'Close the client, then try again');
      } else await delay(pollMs);
    }
  } catch (cause) {
    if (cause instanceof FileProblem) throw cause;
    const reason = `it cannot be locked as its client does: ${describe(cause)}`;
    throw new FileProblem(reason, 'Mend the permissions of its folder, then try again', cause);
  }
  let isHeld = true;
  return {
    // What somebody took over or made meanwhile is theirs.
    async [Symbol.asyncDispose]() {
      if (!isHeld) return;
      isHeld = false;
      if (kind === 'folder-with-owner') await unlink(join(path, owner)).catch(() => {});
      await rmdir(path).catch(() => {});
    },
  };
}

async function succeeds(take: () => Promise<unknown>): Promise<boolean> {
  try {
    await take();
    return true;
  } catch (error) {
    // EPERM is what Windows says of a rename onto a folder.
    if (['EEXIST', 'ENOTEMPTY', 'EPERM'].includes(findErrorCode(error) ?? '')) return false;
    throw error;
  }
}

/** A folder that has its owner in it from the first moment. */
async function moveIn(path: string, owner: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await mkdir(draft);
  try {
    await writeFile(join(draft, owner), String(process.pid));
    await rename(draft, path);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isStale(path: string): Promise<boolean> {
  const times = await stat(path).catch(() => undefined);
  return times !== undefined && Date.now() - times.mtimeMs > staleMs;
}

/** Aside first: of several that find it, one has it. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(() => {});
  await rm(aside, { recursive: true, force: true });
}
