import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';

/** What stands on everything that is made at an engine, so that it can be told from what others made. */
export const labels = {
  /** Name of the mounted server. */
  server: 'usher.server',
  /** Of whom: user and machine. */
  owner: 'usher.owner',
  /** The process that made it. */
  process: 'usher.process',
  /** The port it listens on; for those who look at a gateway from outside. */
  port: 'usher.target-port',
} as const;

/** User and machine. One user may run several gateways, one after the other or at once. */
export function ownOwner(): string {
  const { username } = userInfo();
  return `${username}@${hostname()}`;
}

/** This process, so that nobody takes another one with the same number for it: number, when it began, and within what. */
export function ownProcess(): string {
  return describeProcess(process.pid);
}

function describeProcess(pid: number): string {
  return `${pid} ${startOf(pid) ?? '-'} ${surroundings()}`;
}

/** Has the process that made something ended? Where that cannot be known it is taken to be there. */
export function hasEnded(label: string): boolean {
  const [pid = '', start = '', within = ''] = label.split(' ');
  // Numbers of another boot are gone; those of other name spaces mean nothing here.
  const [boot = '', space = ''] = within.split('/');
  const [ownBoot = '', ownSpace = ''] = surroundings().split('/');
  if (boot !== ownBoot) return boot !== '' && boot !== '-' && ownBoot !== '-';
  if (space !== ownSpace || !/^\d+$/.test(pid)) return false;
  if (!isAlive(Number(pid))) return true;
  const now = startOf(Number(pid));
  return now !== undefined && start !== '-' && start !== now;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Ticks since the machine started (proc(5), field 22); undefined where there is no /proc. The name in parentheses before it
 * may hold anything, spaces included.
 */
function startOf(pid: number): string | undefined {
  const text = readOrNothing(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

function surroundings(): string {
  const boot = readOrNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const space = readOrNothing(() => readlinkSync('/proc/self/ns/pid'));
  return `${boot ?? '-'}/${space ?? '-'}`;
}

function readOrNothing(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
