import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from '../lib/is-running.ts';
import { fail } from '../model/usher-error.ts';

const renewMs = 10_000;
/** A process id can belong to somebody else after a restart of the machine: who does not renew is gone. */
const abandonedMs = 6 * renewMs;

/** Keeps a state folder for one demo: two would take each other's token file away. What a killed one left is taken over.
 * @throws UsherError step_failed when another demo that still runs has it
 */
export async function holdFolder(folder: string): Promise<AsyncDisposable> {
  const path = join(folder, 'running');
  const owner = await findOwner(path);
  if (owner !== undefined) {
    const reason = `another one (process ${owner}) uses ${folder}; stop it, or give this one a folder of its own with --state-dir`;
    throw fail('step_failed', { step: 'The demo', reason });
  }
  await writeFile(path, String(process.pid));
  const renewal = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {}); // somebody removed the folder: nothing to hold any more
  }, renewMs);
  renewal.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(renewal);
      await rm(path, { force: true });
    },
  };
}

/** The process that has it, if it still runs. */
async function findOwner(path: string): Promise<number | undefined> {
  const [text, times] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => []);
  if (text === undefined || times === undefined) return undefined;
  const owner = Number(text);
  const isRecent = Date.now() - times.mtimeMs < abandonedMs;
  return isRecent && Number.isSafeInteger(owner) && owner > 0 && owner !== process.pid && isRunning(owner)
    ? owner
    : undefined;
}
