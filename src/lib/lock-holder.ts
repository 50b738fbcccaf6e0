import { readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isRunning } from './is-running.ts';
import { findProcessIdentity } from './process-identity.ts';

/** A process that holds something, as it writes itself down. */
export interface Holder {
  readonly pid: number;
  /** Tells it from another process that gets its id later; undefined where the system does not say. */
  readonly identity?: string | undefined;
  /** Where that id means this process: the machine, and the container. */
  readonly scope: string;
}

let own: Promise<Holder> | undefined;

/** This process. */
export async function readOwnHolder(): Promise<Holder> {
  return await (own ??= readOwn());
}

async function readOwn(): Promise<Holder> {
  const { pid } = process;
  const [identity, scope] = await Promise.all([findProcessIdentity(pid), readScope()]);
  return { pid, scope, ...(identity === undefined ? {} : { identity }) };
}

/** Of Linux also the namespace of process ids (pid_namespaces(7)): containers that share a folder each have their own. */
async function readScope(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${hostname()} ${namespace}`;
}

/** Has it ended?
 * @param isOld counts where nothing better is known of it: in another container, or on another machine
 */
export async function isGone({ pid, identity, scope }: Partial<Holder>, isOld: boolean): Promise<boolean> {
  if (pid === undefined || scope !== (await readOwnHolder()).scope) return isOld;
  // Whoever is known to be there is there, however long: a clock that was set makes nobody lose anything.
  if (identity !== undefined) return (await findProcessIdentity(pid)) !== identity;
  return isOld || !isRunning(pid);
}
