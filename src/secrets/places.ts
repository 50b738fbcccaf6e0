import { join, resolve } from 'node:path';
import { userFolder } from '../lib/user-folder.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Who keeps the key that the secrets are encrypted with. */
export type KeyHolder = 'password' | 'keyring' | 'file';

/** Where the secrets of this user are, and how they are opened. */
export interface Places {
  /** The encrypted secrets. */
  readonly file: string;
  /** The key, where a file keeps it: in another folder, so that a copy of one of the two opens nothing. */
  readonly keyFile: string;
  /** Said by whoever runs Usher; the best there is, when nothing is said. */
  readonly holder: string | undefined;
  readonly environment: Environment;
}

/** By the XDG Base Directory Specification; in the user's own folder for applications on Windows. */
export function findPlaces(environment: Environment): Places {
  const file = environment['USHER_SECRETS_FILE'];
  const keyFile = environment['USHER_SECRETS_KEY_FILE'];
  return {
    file: file ? resolve(file) : join(userFolder(environment, 'XDG_DATA_HOME'), 'usher', 'secrets.json'),
    keyFile: keyFile ? resolve(keyFile) : join(userFolder(environment, 'XDG_CONFIG_HOME'), 'usher', 'secrets.key'),
    holder: environment['USHER_SECRETS_KEY'] || undefined,
    environment,
  };
}
