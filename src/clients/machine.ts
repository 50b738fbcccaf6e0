import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { homeOfSystem } from '../lib/home-of-system.ts';
import type { Client, Platform } from './client.ts';

/** Where and as whom we are: all that paths depend on. */
export interface Machine {
  readonly platform: Platform;
  /** The user's home folder. */
  readonly home: string;
  /** The folder people are in: for files of a project. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** This machine. */
export function thisMachine(environment: Machine['environment'] = process.env): Machine {
  const { platform } = process;
  const home = environment[platform === 'win32' ? 'USERPROFILE' : 'HOME'] || homeOfSystem();
  // Others have the folders of Linux (XDG Base Directory Specification).
  return {
    platform: platform === 'win32' || platform === 'darwin' ? platform : 'linux',
    home,
    folder: process.cwd(),
    environment,
  };
}

/** Folders by the name they have in paths: of the environment, where it says so, else these. */
const folders: Readonly<Record<string, string | Readonly<Record<Platform, string>>>> = {
  // Where applications keep settings, by Electron's app.getPath('appData') (electronjs.org/docs/latest/api/app).
  APPDATA: { linux: '$XDG_CONFIG_HOME', darwin: '~/Library/Application Support', win32: '~/AppData/Roaming' },
  XDG_CONFIG_HOME: '~/.config',
  XDG_DATA_HOME: '~/.local/share',
  XDG_STATE_HOME: '~/.local/state',
  LOCALAPPDATA: '~/AppData/Local',
  // Of clients that let their folder be moved.
  CLAUDE_CONFIG_DIR: '~',
  CODEX_HOME: '~/.codex',
  GEMINI_CLI_HOME: '~',
  VIBE_HOME: '~/.vibe',
  COPILOT_HOME: '~/.copilot',
  KIMI_CODE_HOME: '~/.kimi-code',
};
/** Set by Windows alone; elsewhere it is no more than a variable of that name. */
const windowsOnly = new Set(['APPDATA', 'LOCALAPPDATA']);

/** A path of the client table on a machine, absolute. */
export function expandPath(path: string, machine: Machine): string {
  const { platform, home, folder } = machine;
  const paths = platform === 'win32' ? win32 : posix;
  const [head = '', ...rest] = path.split('/');
  if (head === '~') return paths.join(home, ...rest);
  if (!head.startsWith('$')) return paths.isAbsolute(path) ? path : paths.join(folder, path);
  const name = head.slice(1);
  const given = windowsOnly.has(name) && platform !== 'win32' ? undefined : machine.environment[name];
  const byDefault = folders[name] ?? '~';
  const base =
    given !== undefined && paths.isAbsolute(given)
      ? given
      : expandPath(typeof byDefault === 'string' ? byDefault : byDefault[platform], machine);
  return paths.join(base, ...rest);
}

/** A client's file on a machine; undefined where it is not known on its platform. */
export function findClientFile({ file }: Client, machine: Machine): string | undefined {
  const path = file[machine.platform];
  return path === undefined ? undefined : expandPath(path, machine);
}

/** Does it look as if people had this client here? */
export function isInstalled(client: Client, machine: Machine): boolean {
  const file = findClientFile(client, machine);
  if (file === undefined || client.project === true) return false;
  const paths = machine.platform === 'win32' ? win32 : posix;
  return (client.signs?.map((sign) => expandPath(sign, machine)) ?? [paths.dirname(file)]).some((path) =>
    existsSync(path),
  );
}

/** Where Usher remembers what it wrote into whose files: state, in the words of the XDG specification. */
export function ledgerFile(machine: Machine): string {
  const folder = machine.platform === 'win32' ? '$LOCALAPPDATA/usher' : '$XDG_STATE_HOME/usher';
  return expandPath(`${folder}/clients.json`, machine);
}

/** Where people's choice of clients is kept: configuration. */
export function choiceFile(machine: Machine): string {
  const folder = machine.platform === 'win32' ? '$APPDATA/usher' : '$XDG_CONFIG_HOME/usher';
  return expandPath(`${folder}/clients.json`, machine);
}
