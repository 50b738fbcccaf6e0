import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { LoginAid } from '../../model/login-aid.ts';
import { note } from '../print.ts';
import { keepsSetting } from '../options/setting-names.ts';

/** How the person at this terminal is reached. */
export function buildLoginAid(environment: Environment): LoginAid {
  const program = findProgram(environment);
  // A browser hands on what it has to all it starts: settings are none of its business, secrets among them.
  const own = Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('USHER_') && !keepsSetting(name)),
  );
  return {
    hasBrowser: program !== undefined,
    open: async (url) => (program === undefined ? false : run([...program, url], own)),
    tell: note,
  };
}

/** What opens pages here; undefined where nobody would see them: on Linux without a display, over SSH. */
function findProgram({
  DISPLAY,
  WAYLAND_DISPLAY,
  SSH_CONNECTION,
  BROWSER,
}: Environment): readonly string[] | undefined {
  if (process.platform === 'darwin') return SSH_CONNECTION ? undefined : ['open'];
  // Not `start`, which would read the address as words of a command.
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  if (isWsl()) return ['rundll32.exe', 'url.dll,FileProtocolHandler'];
  return DISPLAY || WAYLAND_DISPLAY || BROWSER ? ['xdg-open'] : undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

function isWsl(): boolean {
  try {
    return /microsoft/i.test(readFileSync('/proc/sys/kernel/osrelease', 'utf8'));
  } catch {
    return false;
  }
}

/** Is the browser on its way? It outlives us; one that fails does so at once. */
function run([program = '', ...args]: readonly string[], environment: Environment): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true, env: { ...environment } });
    const timer = setTimeout(() => resolve(true), 1_500);
    const finish = (isOpened: boolean) => {
      clearTimeout(timer);
      resolve(isOpened);
    };
    child.once('error', () => finish(false));
    child.once('exit', (code) => finish(code === 0));
    child.unref();
  });
}
