import { readFileSync } from 'node:fs';

/** When a process began, in ticks since the machine did (proc(5), field 22 of `stat`): with its id that tells it from others.
 * Undefined when there is none, or no /proc.
 */
export function findProcessStart(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses before it may hold anything, spaces included.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
