import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

type Environment = Readonly<Record<string, string | undefined>>;

/** Why a process that goes to the background from here would not live; undefined where it would. Whoever starts a service watches
 * the process it started, and takes everything away when that ends.
 */
export function whyNoBackground(
  environment: Environment,
  own: { pid: number; ppid: number } = process,
): string | undefined {
  const { pid, ppid } = own;
  if (pid === 1) return 'this is the first process of a container, which ends with it';
  // The init of a container (`docker run --init`), systemd, launchd.
  if (ppid === 1 && !hasTerminal())
    return 'it was started by the first process of the system, which takes it for a service';
  if (isServiceOfSystemd(environment, pid)) return 'it was started by systemd, which takes it for a service';
  return undefined;
}

/** systemd.exec(5): SYSTEMD_EXEC_PID is the process it started, and programs below inherit the variable. INVOCATION_ID alone says
 * nothing: the terminal windows of desktops are units of the user's systemd.
 */
function isServiceOfSystemd(environment: Environment, pid: number): boolean {
  if (environment['INVOCATION_ID'] === undefined) return false;
  const started = environment['SYSTEMD_EXEC_PID'];
  // Before version 248 it did not say which process it meant.
  return started === undefined ? !hasTerminal() && isManagedDirectly() : started === String(pid);
}

/** Is the parent a systemd? */
function isManagedDirectly(): boolean {
  try {
    return readFileSync(`/proc/${process.ppid}/comm`, 'utf8').trim() === 'systemd';
  } catch {
    return false;
  }
}

function hasTerminal(): boolean {
  return [0, 1, 2].some((descriptor) => isatty(descriptor));
}
