import { createHash, randomUUID } from 'node:crypto';
import { access, lstat, mkdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from '../lib/describe-error.ts';
import { parseJson } from '../lib/parse-json.ts';
import { findStateFile, writeStateFile } from '../lib/state-file.ts';
import { failPackage, type Fetched, type Fetcher, type FetchGift } from './fetcher.ts';
import { goFetcher } from './go.ts';
import { npmFetcher } from './npm.ts';
import { type Package, type Runner, spellPackage } from './package.ts';
import { endLease, fetchedRecord, folderOf, leaseFolder, withCacheLock } from './package-cache.ts';
import { isExact } from './parse-package.ts';
import { pythonFetcher } from './python.ts';

const fetchers: Readonly<Record<Runner, Fetcher>> = { npx: npmFetcher, uvx: pythonFetcher, go: goFetcher };
/** Of big packages over a slow line. */
const usualTimeoutMs = 10 * 60_000;
const progressEveryMs = 10_000;

export interface FetchOptions {
  /** Where packages are kept between starts. */
  readonly cache: string;
  /** May code of packages run while they are fetched? */
  readonly allowsScripts: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Hears what happens, for a person who waits. */
  readonly tell: (sentence: string) => void;
  readonly timeoutMs?: number;
}

/** A package that is on this machine now. */
export interface FetchedPackage extends Fetched {
  /** With exactly the version that is run. */
  readonly package: Package & { readonly version: string };
}

/** Fetches a package, unless exactly this version is here already. What is here is run as it is, over all restarts; nobody clears it
 * away while this process lives.
 * @throws UsherError package_failed, runner_missing; the signal's reason
 */
export async function fetchPackage(wanted: Package, options: FetchOptions): Promise<FetchedPackage> {
  const { cache, allowsScripts, signal, timeoutMs = usualTimeoutMs } = options;
  await makeOwn(cache, wanted);
  const id = randomUUID();
  const folder = join(cache, id);
  try {
    // Before it is there, or it could be cleared away at once.
    await leaseFolder(cache, id);
    await mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    throw failPackage(wanted, `${folder} cannot be made: ${describe(cause)}`, 'Make room, or set XDG_CACHE_HOME');
  }
  const gift: FetchGift = { folder, allowsScripts, signal, timeoutMs };
  let isKept = false;
  try {
    const version = await findVersion(wanted, gift);
    const exact = { ...wanted, version };
    const file = join(cache, `${nameOfFetched(exact, allowsScripts)}.json`);
    const known = await takeFetched(cache, file).catch((cause: unknown) => {
      const advice = 'Try again; when nothing fetches any more, remove its .lock';
      throw failPackage(wanted, `${cache} cannot be used: ${describe(cause)}`, advice);
    });
    if (known !== undefined) return { ...known, package: exact };
    const fetched = await withProgress(spellPackage(exact), options, () => fetchers[wanted.runner].fetch(exact, gift));
    // Written last, and whole or not at all: what is named there was fetched to its end.
    await writeStateFile(file, `${JSON.stringify(fetched)}\n`);
    isKept = true;
    return { ...fetched, package: exact };
  } finally {
    if (!isKept) {
      await rm(folder, { recursive: true, force: true });
      await endLease(cache, id);
    }
  }
}

async function findVersion(wanted: Package, gift: FetchGift): Promise<string> {
  if (wanted.version !== undefined && wanted.isPinned) return wanted.version;
  const version = await fetchers[wanted.runner].findVersion(wanted, gift);
  if (isExact(wanted.runner, version)) return version;
  throw failPackage(wanted, 'its registry names a version that is none', 'Write the version behind an @');
}

/** Under the lock: what is found must not be cleared away before it is held. */
async function takeFetched(cache: string, file: string): Promise<Fetched | undefined> {
  return await withCacheLock(cache, async () => {
    const found = await findFetched(file);
    const folder = found === undefined ? undefined : folderOf(cache, found.command);
    if (folder !== undefined) await leaseFolder(cache, folder);
    const now = new Date();
    // When it was used last; a file that cannot be touched is no reason not to run.
    if (found !== undefined) await utimes(file, now, now).catch(() => {});
    return found;
  });
}

async function findFetched(file: string): Promise<Fetched | undefined> {
  const read = fetchedRecord.safeParse(parseJson((await findStateFile(file)) ?? ''));
  if (!read.success) return undefined;
  const isThere = await access(read.data.command[0] ?? '').then(
    () => true,
    () => false,
  );
  return isThere || process.platform === 'win32' ? read.data : undefined;
}

/** What lies in the cache is run: nobody else may be able to write there. */
async function makeOwn(cache: string, wanted: Package): Promise<void> {
  const advice = 'Make it writable for you alone, or set XDG_CACHE_HOME to a folder that is';
  try {
    await mkdir(cache, { recursive: true, mode: 0o700 });
    const { uid, mode } = await stat(cache);
    const isLink = (await lstat(cache)).isSymbolicLink();
    const isOwn = process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0 && !isLink);
    if (isOwn) return;
  } catch (cause) {
    throw failPackage(wanted, `${cache} cannot be made: ${describe(cause)}`, advice);
  }
  throw failPackage(wanted, `others can write to ${cache}, where packages are kept`, advice);
}

/** A name for the file of what was fetched, without its ending; also where case does not count.
 * @param allowsScripts could code of packages run while it was?
 */
export function nameOfFetched(exact: Package & { readonly version: string }, allowsScripts: boolean): string {
  const spelled = spellPackage(exact);
  const digest = createHash('sha256').update(spelled).digest('hex').slice(0, 16);
  return `${spelled.replaceAll(/[^\w.@-]/g, '_').slice(0, 100)}-${digest}${allowsScripts ? '+scripts' : ''}`;
}

/** Says that it begins, that it goes on, and that it is done. */
async function withProgress<T>(label: string, { tell }: FetchOptions, work: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedAtMs) / 1000);
  tell(`Fetching ${label}`);
  const timer = setInterval(() => tell(`Still fetching ${label} (${seconds()} s)`), progressEveryMs);
  try {
    const done = await work();
    tell(`Fetched ${label} in ${seconds()} s`);
    return done;
  } finally {
    clearInterval(timer);
  }
}
