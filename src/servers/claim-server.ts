import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Machine } from '../clients/machine.ts';
import { describe } from '../lib/describe-error.ts';
import { holdLock } from '../lib/hold-lock.ts';
import { findProcessIdentity } from '../lib/process-identity.ts';
import { fail } from '../model/usher-error.ts';
import { isAlive, lookAtServer, type ServerView } from './look-at-server.ts';
import { ensureOwnFolder, placeOf, portsLock, type ServerPlace, serversFolder, unusable } from './places.ts';
import {
  type RunRecord,
  type ServerRecord,
  writeRunRecord,
  writeServerFile,
  writeServerRecord,
} from './server-record.ts';

const lockTimeoutMs = 15_000;

/** Alone among all Ushers of this user that change a server of this name.
 * @throws UsherError server_state_unusable
 */
export async function withServerLock<T>(place: ServerPlace, machine: Machine, work: () => Promise<T>): Promise<T> {
  return await withLock(place.lock, machine, work);
}

/** Alone among all Ushers of this user that choose the port of a new server, until its claim says which one it has.
 * @throws UsherError server_state_unusable
 */
export async function withPortsLock<T>(machine: Machine, work: () => Promise<T>): Promise<T> {
  return await withLock(portsLock(machine), machine, work);
}

async function withLock<T>(path: string, machine: Machine, work: () => Promise<T>): Promise<T> {
  await ensureOwnFolder(serversFolder(machine));
  const lock = await holdLock(path, { timeoutMs: lockTimeoutMs }).catch((cause: unknown) => {
    throw unusable(path, describe(cause), cause);
  });
  if (lock === undefined) throw unusable(path, 'another usher has held it for too long');
  await using _ = lock;
  return await work();
}

/** A server that this process is about to start, or to have started. */
export interface Claim {
  readonly place: ServerPlace;
  /** Known to the process that is to take it over. */
  readonly id: string;
}

export interface NewServer {
  readonly record: ServerRecord;
  /** Text of its configuration; undefined for one that nobody will start again. */
  readonly settings: string | undefined;
  /** Where it is going to listen, for others that look for a port; undefined where that is not known. */
  readonly port?: number | undefined;
}

/** Takes a name nobody has, and writes down what the server is.
 * @throws UsherError server_exists, server_state_unusable
 */
export async function claimNew({ record, settings, port }: NewServer, machine: Machine): Promise<Claim> {
  const place = placeOf(machine, record.name);
  return await withServerLock(place, machine, async () => {
    const found = await lookAtServer(record.name, machine);
    if (found !== undefined && !isLeftover(found)) throw refuseName(found, !record.isPassing);
    if (found !== undefined) await removeFolder(place);
    await ensureOwnFolder(place.folder);
    try {
      await writeServerRecord(place, record);
      if (settings !== undefined) await writeServerFile(place.settings, settings);
      return await beginRun(place, { isBackground: !record.isPassing, hasServed: false, port });
    } catch (error) {
      await removeFolder(place).catch(() => {});
      throw error;
    }
  });
}

/** Sees that a name is free for a server that is kept for later.
 * @throws UsherError server_exists
 */
export async function checkNewName(name: string, machine: Machine): Promise<void> {
  const found = await lookAtServer(name, machine);
  if (found !== undefined && !isLeftover(found)) throw refuseName(found, true);
}

/** Keeps a new server that somebody starts later, under a name nobody has.
 * @param more is done before others may see it
 * @throws UsherError server_exists, server_state_unusable
 */
export async function keepServer(
  { record, settings }: NewServer,
  machine: Machine,
  more: () => Promise<void>,
): Promise<void> {
  const place = placeOf(machine, record.name);
  await withServerLock(place, machine, async () => {
    const found = await lookAtServer(record.name, machine);
    if (found !== undefined && !isLeftover(found)) throw refuseName(found, true);
    if (found !== undefined) await removeFolder(place);
    await ensureOwnFolder(place.folder);
    try {
      await more();
      if (settings !== undefined) await writeServerFile(place.settings, settings);
      await writeServerRecord(place, record);
    } catch (error) {
      await removeFolder(place).catch(() => {});
      throw error;
    }
  });
}

/** Takes a server that does not run, to start it.
 * @throws UsherError server_exists when it runs, server_unknown, server_state_unusable
 */
export async function claimStopped(name: string, machine: Machine, isBackground: boolean): Promise<Claim> {
  const place = placeOf(machine, name);
  return await withServerLock(place, machine, async () => {
    const found = await lookAtServer(name, machine);
    if (found === undefined)
      throw fail('server_unknown', { what: `server called ${name}`, advice: 'usher list shows those there are' });
    if (isAlive(found) || found.state === 'damaged') throw refuseName(found, false);
    if (found.record === undefined || found.record.isPassing) {
      const advice = `It ran in a terminal with usher run --foreground: run it so again; usher rm ${name} forgets it`;
      throw fail('server_unknown', { what: `server called ${name} that can be started`, advice });
    }
    // One without a run was kept for later: it stays, whatever becomes of its first start.
    return await beginRun(place, {
      isBackground,
      hasServed: found.run?.hasServed ?? true,
      port: found.run?.port,
    });
  });
}

/** Takes over what another process has claimed for this one.
 * @throws UsherError server_exists when it is not there any more
 */
export async function adoptClaim(name: string, id: string, machine: Machine): Promise<Claim> {
  const place = placeOf(machine, name);
  return await withServerLock(place, machine, async () => {
    const found = await lookAtServer(name, machine);
    if (found?.run?.claim !== id) {
      const reason = 'it was started by somebody else meanwhile, or taken away';
      throw fail('server_exists', { name, reason, advice: 'usher list shows what runs' });
    }
    return await beginRun(place, found.run);
  });
}

/** What nobody wants to start again: one in a terminal that ended, or one that never came up the first time. */
function isLeftover(view: ServerView): boolean {
  const { record, run } = view;
  if (isAlive(view) || view.state === 'damaged') return false;
  if (record === undefined || record.isPassing) return true;
  // Without a run it was never started: somebody keeps it for later.
  return run !== undefined && !run.hasServed && run.end === undefined;
}

function refuseName(view: ServerView, isForBackground: boolean): Error {
  const { name, state, pid, url, record } = view;
  const where = `${url === undefined ? '' : ` at ${url}`}${pid === undefined ? '' : `, process ${pid}`}`;
  if (isAlive(view)) {
    const what = {
      starting: 'is being started',
      stopping: 'is being stopped',
      unresponsive: 'is there and does not answer',
    };
    const reason = `one ${state === 'starting' || state === 'stopping' || state === 'unresponsive' ? what[state] : 'runs already'}${where}`;
    const own = record?.isPassing === true ? 'it belongs to a terminal' : `stop it with usher stop ${name}`;
    return fail('server_exists', { name, reason, advice: `Give this one another --name; or ${own}` });
  }
  const again = isForBackground ? `usher start ${name}` : `usher start ${name} --foreground`;
  if (state === 'damaged') {
    const reason = `there is one whose files cannot be used: ${view.reason}`;
    const mend = `Mend that file, or take it away with usher rm ${name} and run it anew`;
    return fail('server_exists', { name, reason, advice: mend });
  }
  const advice = `${again} starts it, usher update ${name} changes it, usher rm ${name} takes it away; or give another --name`;
  return fail('server_exists', { name, reason: `there is one already, ${state}`, advice });
}

/** Writes down that this process starts it now. */
async function beginRun(
  place: ServerPlace,
  {
    isBackground,
    hasServed,
    port,
  }: Pick<RunRecord, 'isBackground' | 'hasServed'> & { readonly port?: number | undefined },
): Promise<Claim> {
  const id = randomUUID();
  const identity = await findProcessIdentity(process.pid);
  await writeRunRecord(place, {
    version: 1,
    phase: 'starting',
    process: { pid: process.pid, ...(identity === undefined ? {} : { identity }) },
    isBackground,
    startedAt: new Date().toISOString(),
    claim: id,
    ...(port === undefined ? {} : { port }),
    hasServed,
  });
  return { place, id };
}

/** Takes the files of a server away.
 * @throws UsherError server_state_unusable
 */
export async function removeFolder({ folder }: ServerPlace): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch((cause: unknown) => {
    throw unusable(folder, describe(cause), cause);
  });
}
