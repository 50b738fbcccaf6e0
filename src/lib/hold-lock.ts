import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findErrorCode } from './describe-error.ts';
import { isRunning } from './is-running.ts';

const pollMs = 25;
/** Nobody works this long under a lock: whoever has it longer was stopped in the middle, and its id may be another's by now. */
const abandonedMs = 60_000;

/** Waits for a lock that all processes of this machine share, and holds it until it is disposed of. What a killed process
 * left is taken over.
 * @param path its file; the folder is made
 * @returns undefined when another process still has it after the time
 */
export async function holdLock(
  path: string,
  { timeoutMs }: { timeoutMs: number },
): Promise<AsyncDisposable | undefined> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, String(process.pid), { mode: 0o600 });
  try {
    const until = performance.now() + timeoutMs;
    while (!(await take(draft, path))) {
      if (await isAbandoned(path)) await breakLock(path);
      else if (performance.now() > until) return undefined;
      else await delay(pollMs);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** A link is made or not, whoever else tries: there is no moment in which the file is there without its owner. */
async function take(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (findErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const [text, times] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => []);
  if (text === undefined || times === undefined) return false; // given back meanwhile
  return !isRunning(Number(text)) || Date.now() - times.mtimeMs > abandonedMs;
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
