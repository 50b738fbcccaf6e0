/** Sends a signal to a process and all of its group; 0 only looks whether there is anybody. On Windows, which has no groups, to the
 * process alone.
 * @param pid of the one the group was made for
 * @returns was there anybody?
 */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    return false;
  }
}
