import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, readlink, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findErrorCode } from './describe-error.ts';
import { isRunning } from './is-running.ts';
import { parseObject } from './parse-object.ts';
import { findProcessIdentity } from './process-identity.ts';

const pollMs = 25;
/** How often it is asked whether its holder is still there, which on some systems takes a program. */
const lookMs = 250;
/** Nobody works this long under a lock. It counts where nothing better is known of whoever has it. */
const abandonedMs = 60_000;

/** Waits for a lock that all processes of this user share, and holds it until it is disposed of. What a killed process
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
  const own = JSON.stringify({ id: randomUUID(), ...(await (ownHolder ??= readOwnHolder())) } satisfies Holder);
  await writeFile(draft, own, { mode: 0o600 });
  try {
    const until = performance.now() + timeoutMs;
    let looksAgainAt = 0;
    while (!(await take(draft, path))) {
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

/** What stands in the file of a lock. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  /** Tells it from another process that gets its id later; undefined where the system does not say. */
  readonly identity?: string;
  /** Where that id means this process: the machine, and the container. */
  readonly scope: string;
}

let ownHolder: Promise<Omit<Holder, 'id'>> | undefined;

async function readOwnHolder(): Promise<Omit<Holder, 'id'>> {
  const { pid } = process;
  const [identity, scope] = await Promise.all([findProcessIdentity(pid), readScope()]);
  return { pid, scope, ...(identity === undefined ? {} : { identity }) };
}

/** Of Linux also the namespace of process ids (pid_namespaces(7)): containers that share a folder each have their own. */
async function readScope(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${hostname()} ${namespace}`;
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
  const isOld = Date.now() - times.mtimeMs > abandonedMs;
  const { pid, identity, scope } = parseObject(text) ?? {};
  const own = await (ownHolder ??= readOwnHolder());
  if (typeof pid !== 'number' || scope !== own.scope) return isOld;
  // Whoever is known to be there still has it, however long that takes: a clock that was set makes nobody lose it.
  if (typeof identity === 'string') return (await findProcessIdentity(pid)) !== identity;
  return isOld || !isRunning(pid);
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
