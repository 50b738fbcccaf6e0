import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { holdLock } from '../lib/hold-lock.ts';
import { parseJson } from '../lib/parse-json.ts';
import { isGone, readOwnHolder } from '../lib/lock-holder.ts';
import { writeStateFile } from '../lib/state-file.ts';

const lockTimeoutMs = 15_000;
const dayMs = 86_400_000;
/** What nobody has used for so long is fetched again when somebody wants it. */
const unusedMs = 30 * dayMs;

/** What is remembered of a package that was fetched: how it is run, and whose install scripts it has. */
export const fetchedRecord = z.strictObject({ command: z.array(z.string()).min(1), scripts: z.array(z.string()) });

const leaseRecord = z.object({
  folder: z.string(),
  pid: z.number(),
  identity: z.string().optional(),
  scope: z.string(),
});

/** Alone among all Ushers of this user in what is named in the cache; downloads go on beside it.
 * @throws Error when another has it for too long
 */
export async function withCacheLock<T>(cache: string, work: () => Promise<T>): Promise<T> {
  await using lock = await holdLock(join(cache, '.lock'), { timeoutMs: lockTimeoutMs });
  if (lock === undefined) throw new Error(`another usher has held ${join(cache, '.lock')} for too long`);
  return await work();
}

/** In the names of this process's leases: containers that share a cache have the same process ids. */
const ownId = randomUUID();
const ownLeases = new Set<string>();

/** Keeps a folder of the cache while this process lives or until that is ended, whatever others clear away meanwhile. */
export async function leaseFolder(cache: string, folder: string): Promise<void> {
  const file = leaseOf(cache, folder);
  if (ownLeases.size === 0) process.once('exit', removeOwnLeases);
  ownLeases.add(file);
  await writeStateFile(file, JSON.stringify({ folder, ...(await readOwnHolder()) }));
}

export async function endLease(cache: string, folder: string): Promise<void> {
  const file = leaseOf(cache, folder);
  await rm(file, { force: true });
  ownLeases.delete(file);
  if (ownLeases.size === 0) process.off('exit', removeOwnLeases);
}

function removeOwnLeases(): void {
  for (const file of ownLeases) rmSync(file, { force: true });
}

/** As folders are called that packages are fetched into: the last of a path, for the cache may be in one that is called like that. */
const fetchedFolder = /^.*[/\\]([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[/\\]/;

/** The folder of the cache that a command is in, also where the cache was reached by another path when it was fetched; undefined for
 * one that is elsewhere.
 */
export function folderOf(cache: string, command: readonly string[]): string | undefined {
  for (const word of command) {
    const path = relative(cache, word);
    if (word.startsWith(cache + sep) && !path.startsWith('..')) return path.split(sep)[0];
  }
  return command.map((word) => fetchedFolder.exec(word)?.[1]).find((folder) => folder !== undefined);
}

export interface ClearOptions {
  /** Files of what servers name; without the ending. */
  readonly named: ReadonlySet<string>;
  /** Is a folder named in another way? */
  readonly isNamedFolder: (folder: string) => boolean;
  /** Files of what is not wanted any more; they go at once where nobody else names or uses them. */
  readonly unwanted: ReadonlySet<string>;
  readonly nowMs?: number;
}

/** Clears away what no server names and nothing that runs uses: what is unwanted at once, the rest when it was not used for thirty
 * days; and what a killed download left. First the name goes, then the folder: whoever is killed in between leaves nothing that
 * could be run.
 * @returns the names of what is gone
 */
export async function clearCache(cache: string, options: ClearOptions): Promise<readonly string[]> {
  if (!(await isOwnFolder(cache))) return [];
  const { removed, folders } = await withCacheLock(cache, async () => await unname(cache, options));
  for (const folder of folders) await rm(join(cache, folder), { recursive: true, force: true, maxRetries: 3 });
  return removed;
}

async function unname(
  cache: string,
  { named, isNamedFolder, unwanted, nowMs = Date.now() }: ClearOptions,
): Promise<{ readonly removed: readonly string[]; readonly folders: readonly string[] }> {
  // In this order: a folder is leased before it is made.
  const entries = await readdir(cache, { withFileTypes: true });
  const leased = await readLeases(cache, nowMs);
  const removed: string[] = [];
  const kept = new Set(leased);
  for (const { name } of entries.filter((entry) => entry.isFile() && entry.name.endsWith('.json'))) {
    const path = join(cache, name);
    const [text, found] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const parsed = fetchedRecord.safeParse(parseJson(text));
    const folder = parsed.success ? folderOf(cache, parsed.data.command) : undefined;
    const base = name.slice(0, -'.json'.length);
    const isUsed = named.has(base) || (folder !== undefined && (leased.has(folder) || isNamedFolder(folder)));
    if (isUsed || (!unwanted.has(base) && nowMs - found.mtimeMs < unusedMs)) {
      if (folder !== undefined) kept.add(folder);
      continue;
    }
    await rm(path, { force: true });
    removed.push(base);
  }
  const folders: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory() && entry.name !== '.leases')) {
    if (kept.has(name) || isNamedFolder(name)) continue;
    const away = name.startsWith('.gone-') ? name : `.gone-${randomUUID()}`;
    if (away !== name) await rename(join(cache, name), join(cache, away));
    folders.push(away);
  }
  return { removed, folders };
}

/** Folders that running processes use; the leases of those that are gone go. */
async function readLeases(cache: string, nowMs: number): Promise<ReadonlySet<string>> {
  const folder = leasesOf(cache);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const leased = new Set<string>();
  // The others are drafts of leases that are being written.
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.json'))) {
    const path = join(folder, name);
    const [text, found] = await Promise.all([readFile(path, 'utf8'), stat(path)]).catch(() => []);
    if (text === undefined || found === undefined) continue; // its process ended meanwhile
    const parsed = leaseRecord.safeParse(parseJson(text));
    const ageMs = nowMs - found.mtimeMs;
    // Of another machine or container nobody here knows whether it runs.
    if (!parsed.success || (await isGone(parsed.data, ageMs > unusedMs))) await rm(path, { force: true });
    else leased.add(parsed.data.folder);
  }
  return leased;
}

function leaseOf(cache: string, folder: string): string {
  return join(leasesOf(cache), `${ownId}-${folder}.json`);
}

function leasesOf(cache: string): string {
  return join(cache, '.leases');
}

async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) return false;
  return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o022) === 0);
}
