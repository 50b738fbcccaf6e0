import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../kit/config-input.ts';
import { runProgram } from '../kit/run-program.ts';

const bin = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

async function start(home: string, more: Record<string, string> = {}): Promise<void> {
  const env = { HOME: home, TMPDIR: home, ...more };
  const { code, stderr } = await runProgram([process.execPath, bin, 'version'], { env });
  assert.equal(code, 0, stderr);
}

test("compiled code – kept where only this user can write, not in the system's folder for temporary files", async (context) => {
  const home = makeFolder(context);
  await start(home);
  const folder = join(home, '.cache/usher');
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(readdirSync(folder).length, 1);
  assert.equal(existsSync(join(home, 'node-compile-cache')), false);
});

test('compiled code – a folder that others can write – is neither read nor written', async (context) => {
  const home = makeFolder(context);
  const folder = join(home, 'caches/usher');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  await start(home, { XDG_CACHE_HOME: join(home, 'caches') });
  assert.deepEqual(readdirSync(folder), []);
});

test('compiled code – NODE_COMPILE_CACHE says where – nothing is left anywhere else', async (context) => {
  const home = makeFolder(context);
  await start(home, { NODE_COMPILE_CACHE: join(home, 'here') });
  assert.deepEqual(readdirSync(home), ['here']);
});
