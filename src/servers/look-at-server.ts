import { readdir, stat } from 'node:fs/promises';
import type { Machine } from '../clients/machine.ts';
import { reasonOf } from '../model/reason-of.ts';
import { describe } from '../lib/describe-error.ts';
import { findProcessIdentity } from '../lib/process-identity.ts';
import { isRunning } from '../lib/is-running.ts';
import { askControl, type Health } from './control.ts';
import { checkOwnFolder, isServerName, placeOf, type ServerPlace, serversFolder, unusable } from './places.ts';
import { readRunRecord, readServerRecord, type RunRecord, type ServerRecord } from './server-record.ts';

export type ServerState =
  | 'starting'
  | 'running'
  | 'stopping'
  /** Its process is there and does not answer. */
  | 'unresponsive'
  | 'stopped'
  /** It ended by itself, and said why. */
  | 'failed'
  /** It ended without a word: killed, or with the machine. */
  | 'crashed'
  /** Its files cannot be read. */
  | 'damaged';

/** A server as it is now. */
export interface ServerView {
  readonly name: string;
  readonly place: ServerPlace;
  readonly state: ServerState;
  readonly record: ServerRecord | undefined;
  readonly run: RunRecord | undefined;
  readonly pid?: number;
  readonly url?: string;
  readonly health?: Health;
  /** When it came into this state. */
  readonly since?: string;
  /** Why it ended, or what is wrong. */
  readonly reason?: string;
}

/** Is a process of it there? */
export function isAlive({ state }: ServerView): boolean {
  return state === 'starting' || state === 'running' || state === 'stopping' || state === 'unresponsive';
}

/** How often a running server shows that it lives. */
export const signOfLifeMs = 5_000;

/** Looks at a server: its own process is asked, and what stands in files is believed only of one that ended.
 * @returns undefined when there is none of this name
 * @throws UsherError server_state_unusable when its folder is not to be trusted
 */
export async function lookAtServer(name: string, machine: Machine): Promise<ServerView | undefined> {
  const place = placeOf(machine, name);
  if (!(await checkOwnFolder(serversFolder(machine))) || !(await checkOwnFolder(place.folder))) return undefined;
  try {
    const [record, run] = await Promise.all([readServerRecord(place), readRunRecord(place)]);
    if (record !== undefined && record.name !== name) return undefined; // a file system that reads Apollo for apollo
    // Whoever was to make it was killed before anything was said of it.
    if (record === undefined && run === undefined) return undefined;
    return { name, place, record, run, ...(await findState(place, run)) };
  } catch (error) {
    return { name, place, state: 'damaged', record: undefined, run: undefined, reason: reasonOf(error) };
  }
}

/** All servers, by name.
 * @throws UsherError server_state_unusable when the folder of all is not to be trusted
 */
export async function lookAtServers(machine: Machine): Promise<readonly ServerView[]> {
  const names = await listNames(machine);
  const views = await Promise.all(
    names.map((name) =>
      lookAtServer(name, machine).catch((error: unknown): ServerView => ({
        name,
        place: placeOf(machine, name),
        state: 'damaged',
        record: undefined,
        run: undefined,
        reason: reasonOf(error),
      })),
    ),
  );
  return views.filter((view) => view !== undefined);
}

/** Names of all servers, for whoever does not need to know how they are. */
export async function listNames(machine: Machine): Promise<readonly string[]> {
  const folder = serversFolder(machine);
  if (!(await checkOwnFolder(folder))) return [];
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unusable(folder, describe(cause), cause);
  });
  return names.filter(isServerName).toSorted((a, b) => a.localeCompare(b));
}

type Found = Pick<ServerView, 'state' | 'pid' | 'url' | 'health' | 'since' | 'reason'>;

async function findState(place: ServerPlace, run: RunRecord | undefined): Promise<Found> {
  if (run === undefined) return { state: 'stopped', reason: 'it was never started' };
  const { end, control, process, startedAt } = run;
  if (end !== undefined) {
    const { at: since, reason, isWanted } = end;
    return { state: isWanted ? 'stopped' : 'failed', since, reason };
  }
  const url = run.url === undefined ? {} : { url: run.url };
  const answer = control === undefined ? undefined : await askControl(control, place.folder);
  if (answer !== undefined) {
    const { phase: state, pid, health } = answer;
    const now = answer.url === undefined ? url : { url: answer.url };
    return { state, pid, since: startedAt, ...now, ...(health === undefined ? {} : { health }) };
  }
  if (await isSameProcess(process)) {
    const state = run.phase === 'starting' ? 'starting' : 'unresponsive';
    return { state, pid: process.pid, since: startedAt, ...url };
  }
  // It may have ended between the two looks, and said so.
  const later = await readRunRecord(place);
  if (later?.end !== undefined || later?.process.pid !== process.pid) return findState(place, later);
  return { state: 'crashed', ...(await lastSignOfLife(place)), reason: await guessCause(run) };
}

/** An id alone says nothing: another process has it by now, may be. */
export async function isSameProcess({ pid, identity }: RunRecord['process']): Promise<boolean> {
  return identity !== undefined && (await findProcessIdentity(pid)) === identity;
}

async function lastSignOfLife({ run }: ServerPlace): Promise<{ since?: string }> {
  const found = await stat(run).catch(() => undefined);
  return found === undefined ? {} : { since: found.mtime.toISOString() };
}

/** Whoever is killed cannot say by whom; but a machine that was started anew explains itself. */
async function guessCause({ process: { identity, pid }, phase }: RunRecord): Promise<string> {
  const own = await findProcessIdentity(process.pid);
  const bootOf = (text: string | undefined): string | undefined => text?.split(' ')[0];
  const isLinux = process.platform === 'linux';
  if (isLinux && identity !== undefined && own !== undefined && bootOf(identity) !== bootOf(own))
    return 'the machine was started anew';
  const what = phase === 'starting' ? 'its process ended while it started' : 'its process ended without a word';
  const taken = isRunning(pid) ? `; another process has its id ${pid} now` : '';
  return `${what}: it was killed, or ran out of memory${taken}`;
}
