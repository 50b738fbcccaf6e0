import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../places.ts';
import { StoreTrouble } from '../store-trouble.ts';
import type { KeySpec } from './key-spec.ts';

/** A keyring may ask the user for its password. */
const timeoutMs = 60_000;
const service = 'usher-secrets';

/** A program of the operating system that has a keyring. No secret is ever among its arguments: everybody sees those. */
interface Keyring {
  readonly title: string;
  /** What is missing for it here; undefined when nothing seems to be. */
  missing(environment: Environment): string | undefined;
  readonly program: string;
  lookUp(id: string): readonly string[];
  store(id: string, key: string): { readonly args: readonly string[]; readonly input: string };
}

/** libsecret's program: the Secret Service of GNOME, KDE (since 5.97) and KeePassXC. */
const secretService: Keyring = {
  title: 'the keyring (Secret Service)',
  program: 'secret-tool',
  // Where programs look for the session's bus (D-Bus specification, well-known message bus instances; systemd's default).
  missing: ({ DBUS_SESSION_BUS_ADDRESS: bus, XDG_RUNTIME_DIR: folder }) =>
    bus || (folder && existsSync(join(folder, 'bus')))
      ? undefined
      : 'this is no desktop session: there is no session bus (DBUS_SESSION_BUS_ADDRESS)',
  lookUp: (id) => ['lookup', 'service', service, 'id', id],
  store: (id, key) => ({
    args: ['store', '--label=Key of the secrets of Usher', 'service', service, 'id', id],
    input: key,
  }),
};

/** security(1). Its `-i` reads commands from stdin, which is the one way to hand it a password unseen. */
const keychain: Keyring = {
  title: 'the keychain',
  program: '/usr/bin/security',
  missing: () => undefined,
  lookUp: (id) => ['find-generic-password', '-s', service, '-a', id, '-w'],
  store: (id, key) => ({ args: ['-i'], input: `add-generic-password -U -s ${service} -a ${id} -w ${key}\n` }),
};

/** The keyring of this operating system, where Usher knows one. */
function keyringHere(): Keyring | undefined {
  if (process.platform === 'darwin') return keychain;
  return process.platform === 'linux' ? secretService : undefined;
}

/** Its name for people. */
export function keyringTitle(): string {
  return keyringHere()?.title ?? 'the keyring';
}

/** A new key in the keyring; undefined where there is none that works, with the reason. */
export function makeKeyringKey(environment: Environment): { spec: KeySpec; key: string } | { reason: string } {
  const keyring = keyringHere();
  if (keyring === undefined) return { reason: 'Usher knows no keyring of this operating system' };
  const missing = keyring.missing(environment);
  if (missing !== undefined) return { reason: missing };
  const id = randomBytes(12).toString('base64url');
  const key = randomBytes(32).toString('base64url');
  const { args, input } = keyring.store(id, key);
  const stored = run(keyring, args, { environment, input });
  if ('reason' in stored) return stored;
  // security(1) ends with 0 whatever became of the commands it read.
  const found = run(keyring, keyring.lookUp(id), { environment });
  if ('reason' in found) return found;
  return found.output === key
    ? { spec: { from: 'keyring', id }, key }
    : { reason: 'it did not keep what it was given' };
}

/** The key that the keyring has under this id.
 * @throws StoreTrouble when it is locked, not reachable, or does not know it
 */
export function readKeyringKey(id: string, environment: Environment): string {
  const keyring = keyringHere();
  const missing = keyring === undefined ? 'there is none that Usher knows' : keyring.missing(environment);
  const locked = (reason: string) =>
    new StoreTrouble(
      `it is locked: its key is in ${keyringTitle()}, and ${reason}`,
      'Unlock the keyring and run it in the same session; for a service, keep its secrets in another store (USHER_SECRETS_FILE) with a password or a key file',
    );
  if (keyring === undefined || missing !== undefined) throw locked(missing ?? '');
  const found = run(keyring, keyring.lookUp(id), { environment });
  if ('reason' in found) throw locked(found.reason);
  if (!/^[\w-]{43}$/.test(found.output)) throw locked('it has no key under the name of this store');
  return found.output;
}

function run(
  { program }: Keyring,
  args: readonly string[],
  { environment, input = '' }: { environment: Environment; input?: string },
): { readonly output: string } | { readonly reason: string } {
  const { error, status, signal, stdout, stderr } = spawnSync(program, args, {
    input,
    env: { ...environment },
    timeout: timeoutMs,
    encoding: 'utf8',
    windowsHide: true,
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT')
    return { reason: `the program ${program} is not installed` };
  if (signal !== null) return { reason: `${program} did not answer within ${timeoutMs / 1000} s` };
  if (error !== undefined) return { reason: error.message };
  if (status === 0) return { output: stdout.trim() };
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return {
    reason: said === '' ? `${program} gets nothing out of it (exit code ${status})` : `${program} says: ${said}`,
  };
}
