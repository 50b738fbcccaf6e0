import { readFileSync, readlinkSync } from 'node:fs';
import { findProcessStart } from './find-process-start.ts';
import { isRunning } from './is-running.ts';

/** This process, so that nobody takes another one with the same number for it: number, when it began, and within what. What it
 * makes outside of itself bears that mark, and who comes later can tell whether it is still in use.
 */
export function markProcess(): string {
  return `${process.pid} ${findProcessStart(process.pid) ?? '-'} ${surroundings()}`;
}

/** Has the process of this mark ended? Where that cannot be known it is taken to be there. */
export function hasEnded(mark: string): boolean {
  const [pid = '', start = '', within = ''] = mark.split(' ');
  // Numbers of another boot are gone; those of other name spaces mean nothing here.
  const [boot = '', space = ''] = within.split('/');
  const [ownBoot = '', ownSpace = ''] = surroundings().split('/');
  if (boot !== ownBoot) return boot !== '' && boot !== '-' && ownBoot !== '-';
  if (space !== ownSpace || !/^\d+$/.test(pid)) return false;
  if (!isRunning(Number(pid))) return true;
  const now = findProcessStart(Number(pid));
  return now !== undefined && start !== '-' && start !== now;
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
