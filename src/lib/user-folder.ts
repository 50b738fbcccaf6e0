import { isAbsolute, join } from 'node:path';
import { homeOfSystem } from './home-of-system.ts';

/** Where programs keep what by default, below the home folder (XDG Base Directory Specification). */
const defaults = {
  XDG_CACHE_HOME: '.cache',
  XDG_CONFIG_HOME: '.config',
  XDG_DATA_HOME: '.local/share',
  XDG_STATE_HOME: '.local/state',
} as const;

/** A folder of this user, by its variable in the XDG Base Directory Specification, which takes absolute paths only; on Windows
 * the user's own folder for applications.
 */
export function userFolder(
  environment: Readonly<Record<string, string | undefined>>,
  variable: keyof typeof defaults,
): string {
  const isWindows = process.platform === 'win32';
  const home = environment[isWindows ? 'USERPROFILE' : 'HOME'] || homeOfSystem();
  const local = environment['LOCALAPPDATA'];
  if (isWindows && local !== undefined && isAbsolute(local)) return local;
  const given = environment[variable];
  return given !== undefined && isAbsolute(given) ? given : join(home, defaults[variable]);
}
