import { existsSync, readFileSync } from 'node:fs';

/** What a process and its direct children have used. */
export interface Usage {
  /** User and system time of all threads since the start. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** Clock ticks per second in /proc on every Linux that Node.js runs on. */
const ticksPerSecond = 100;
const pageBytes = 4096;

/** @returns undefined where the system has no /proc */
export function readUsage(pid: number): Usage | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const usages = [pid, ...readChildren(pid)].map(readOne);
  return {
    cpuMicros: usages.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0),
    rssBytes: usages.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

function readChildren(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
}

/** proc(5): the name may hold spaces, so fields are counted from the parenthesis after it. */
function readOne(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [userTicks = 0, systemTicks = 0] = fields.slice(11, 13).map(Number);
  return {
    cpuMicros: ((userTicks + systemTicks) / ticksPerSecond) * 1e6,
    rssBytes: Number(fields[21]) * pageBytes,
  };
}
