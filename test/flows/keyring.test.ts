import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder, writeText } from '../kit/config-input.ts';
import { runProgram } from '../kit/run-program.ts';

const programs = ['dbus-run-session', 'secret-tool', 'gnome-keyring-daemon'];
const missing = programs.find((program) => spawnSync(program, ['--help']).error !== undefined);
const skip = missing === undefined ? false : `no ${missing}`;
const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

/** A desktop session of its own: bus and keyring end with the script. */
const inSession = (script: string) => `set -e
usher() { "${process.execPath}" "${launcher}" "$@"; }
unlock() { printf '%s' "$1" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; }
${script}
`;

test(
  'a session with a keyring – it keeps the key, and the next session with the same password opens the store',
  { skip },
  async (context) => {
    const home = makeFolder(context);
    const run = async (script: string) => {
      const file = writeText(context, 'session.sh', inSession(script));
      const env = { HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: join(home, 'data') };
      return runProgram(['dbus-run-session', '--', 'bash', file], { env });
    };
    const first = await run('unlock pw\nprintf v4lue | usher secret set one\nusher secret status');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /Key +the keyring \(Secret Service\)/);
    assert.throws(() => statSync(join(home, '.config/usher/secrets.key')));
    const second = await run('unlock pw\nusher secret get one');
    assert.equal(second.stdout, 'v4lue\n', second.stderr);
    const locked = await run('usher secret get one');
    assert.equal(locked.code, 6);
    assert.match(locked.stderr, /is locked: its key is in the keyring/);
  },
);
