import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { expandPath, type Machine } from '../clients/machine.ts';
import { adviseWriting, describe } from '../lib/describe-error.ts';
import { fail } from '../model/usher-error.ts';

/** Where a server that is run here has its files. */
export interface ServerPlace {
  readonly name: string;
  readonly folder: string;
  /** The configuration it runs with. */
  readonly settings: string;
  /** What was said about it beside that. */
  readonly record: string;
  /** Its present or last run. */
  readonly run: string;
  readonly log: string;
  /** What its process says past the log: what Node.js says when it falls. */
  readonly output: string;
  /** Held while it changes from one state into another. */
  readonly lock: string;
}

/** The folder of all servers: state, in the words of the XDG specification. */
export function serversFolder(machine: Machine): string {
  return expandPath(`${stateOf(machine)}/servers`, machine);
}

/** Where the audit trail of a server goes that runs in the background, unless it is said: it stays when the server goes. */
export function auditFile(machine: Machine, name: string): string {
  return expandPath(`${stateOf(machine)}/audit/${name}.jsonl`, machine);
}

function stateOf({ platform }: Machine): string {
  return platform === 'win32' ? '$LOCALAPPDATA/usher' : '$XDG_STATE_HOME/usher';
}

/** @param name one that servers may have: no path is made of anything else */
export function placeOf(machine: Machine, name: string): ServerPlace {
  const all = serversFolder(machine);
  const folder = join(all, name);
  const file = (base: string) => join(folder, base);
  return {
    name,
    folder,
    settings: file('settings.yaml'),
    record: file('server.json'),
    run: file('run.json'),
    log: file('log'),
    output: file('output'),
    // Beside it, for it may come and go; no server has a name that begins with a dot.
    lock: join(all, `.${name}.lock`),
  };
}

/** Held while a new server gets its port. No server's own lock is called that. */
export function portsLock(machine: Machine): string {
  return join(serversFolder(machine), '.ports');
}

/** Names that servers may have, as in the configuration. */
export function isServerName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text);
}

/** Makes a folder for the user alone, or sees that it is that already: files in somebody else's folder could be anybody's.
 * @throws UsherError server_state_unusable
 */
export async function ensureOwnFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(path, describe(cause), cause);
  }
  await checkOwnFolder(path);
}

/** Sees that a folder is the user's own, when it is there.
 * @returns is it there?
 * @throws UsherError server_state_unusable
 */
export async function checkOwnFolder(path: string): Promise<boolean> {
  let found: Stats;
  try {
    found = await lstat(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return false;
    throw unusable(path, describe(cause), cause);
  }
  if (found.isSymbolicLink()) throw unusable(path, 'it is a symbolic link, expected a folder');
  if (!found.isDirectory()) throw unusable(path, 'it is no folder');
  if (process.getuid === undefined) return true; // Windows: folders of a user are the user's.
  if (found.uid !== process.getuid()) throw unusable(path, `it belongs to another user (${found.uid})`);
  if ((found.mode & 0o022) !== 0) throw unusable(path, 'other users can write into it');
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700).catch(() => {});
  return true;
}

export function unusable(path: string, reason: string, cause?: unknown): Error {
  const usual = 'Let it be a folder of the user Usher runs as, that others cannot write';
  const advice = `${adviseWriting(cause, usual)}, or set XDG_STATE_HOME to another place`;
  return fail('server_state_unusable', { path, reason, advice }, cause === undefined ? {} : { cause });
}

/** Longest path of a socket: 104 bytes with its end on macOS and the BSDs, 108 on Linux (unix(7), `sun_path`). */
const longestSocketPath = 103;

/** Where a server listens for the command line. Paths of sockets are short: the user's runtime folder, else the server's own
 * folder, else one for temporary files.
 */
export async function findControlPath(place: ServerPlace, machine: Machine): Promise<string> {
  const id = createHash('sha256').update(place.folder).digest('hex').slice(0, 24);
  if (machine.platform === 'win32') return `\\\\.\\pipe\\usher-${id}`;
  const runtime = machine.environment['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && isAbsolute(runtime)) {
    const path = join(runtime, 'usher', `${id}.sock`);
    if (fits(path) && (await isUsable(join(runtime, 'usher')))) return path;
  }
  const own = join(place.folder, 'control');
  if (fits(own)) return own;
  const folder = join(tmpdir(), `usher-${process.getuid?.() ?? 0}`);
  await ensureOwnFolder(folder);
  return join(folder, `${id}.sock`);
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= longestSocketPath;
}

async function isUsable(folder: string): Promise<boolean> {
  return ensureOwnFolder(folder).then(
    () => true,
    () => false,
  );
}
