import { linkSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A lock nobody renewed for this long belongs to a process that cannot be asked (another container, a sleeping laptop). */
const abandonedAfterMs = 60_000;

/**
 * Does the work while nobody else who uses the same lock file does theirs. The file holds the ids of the processes that
 * work under it; when all of them are gone the lock is broken.
 *
 * @template T
 * @param {string} path the lock file; its folder is made
 * @param {(hold: Hold) => Promise<T>} work
 * @param {(owner: string) => void} [onWait] told once when somebody else has the lock; owner: the id of their process
 * @returns {Promise<T>}
 */
export async function withLock(path, work, onWait = () => {}) {
  mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 0; !take(path); attempt += 1) {
    if (isStale(path)) breakStale(path);
    else {
      if (attempt === 0) onWait(readOwner(path).split(' ')[0] ?? '');
      await delay(100);
    }
  }
  const hold = new Hold(path);
  try {
    return await work(hold);
  } finally {
    hold.release();
  }
}

/** A lock while it is held. */
export class Hold {
  #path;
  #pids = [process.pid];
  #renewal;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
    this.#renewal = setInterval(() => this.#renew(), abandonedAfterMs / 10);
    this.#renewal.unref();
  }

  /**
   * A process that works under this lock too: should this one be killed, the lock holds until that one has ended.
   * @param {number | undefined} pid
   */
  add(pid) {
    if (pid === undefined) return;
    this.#pids.push(pid);
    writeFileSync(this.#path, this.#pids.join(' '));
  }

  release() {
    clearInterval(this.#renewal);
    if (isOwn(readOwner(this.#path))) rmSync(this.#path, { force: true });
  }

  #renew() {
    if (isOwn(readOwner(this.#path))) utimesSync(this.#path, new Date(), new Date());
  }
}

/** @param {string} path */
function take(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    // A link appears with its content in one step and fails when the name is taken.
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** @param {string} path */
function isStale(path) {
  const age = ageMs(path);
  if (age === undefined) return false;
  return age > abandonedAfterMs || !readOwner(path).split(' ').map(Number).some(isAlive);
}

/**
 * Only one process at a time may break a lock, and it looks again first: between looking and removing, another one may
 * have broken the old lock and taken a new one.
 * @param {string} path
 */
function breakStale(path) {
  const breaking = `${path}.breaking`;
  const breakingAge = ageMs(breaking);
  if (breakingAge !== undefined && breakingAge > abandonedAfterMs) rmSync(breaking, { force: true });
  if (!take(breaking)) return;
  try {
    if (isStale(path)) rmSync(path, { force: true });
  } finally {
    rmSync(breaking, { force: true });
  }
}

/** @param {string} path */
function ageMs(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : Date.now() - found.mtimeMs;
}

/** @param {string} path */
function readOwner(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/** @param {string} owner */
function isOwn(owner) {
  return owner.split(' ')[0] === String(process.pid);
}

/** @param {number} pid */
function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
