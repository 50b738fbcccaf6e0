import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isRunning } from './is-running.ts';

const run = promisify(execFile);

/** What tells a process from every other that has, had or will have its id: when it began, and since which start of the
 * machine that is counted. Undefined when there is no such process, or the system does not say.
 */
export async function findProcessIdentity(pid: number): Promise<string | undefined> {
  if (!isRunning(pid)) return undefined;
  try {
    return process.platform === 'linux' ? await readLinux(pid) : await askPs(pid);
  } catch {
    return undefined;
  }
}

/** proc(5): the name in brackets may hold anything, brackets too; the start is the 22nd field, the 20th after it. */
async function readLinux(pid: number): Promise<string | undefined> {
  const [bootId, stat] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
  ]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended: only its parent has not looked yet.
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return fields[19] === undefined ? undefined : `${bootId.trim()} ${fields[19]}`;
}

async function askPs(pid: number): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' },
  });
  return stdout.trim() === '' ? undefined : stdout.trim();
}
