import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../../test/kit/config-input.ts';
import { readKeyFile, takeKeyFile } from './key-file.ts';

test('a key – no room for it – leaves nothing that would be taken for one later', async (context) => {
  const path = join(makeFolder(context), 'secrets.key');
  const program = `
    const { takeKeyFile } = await import(${JSON.stringify(import.meta.resolve('./key-file.ts'))});
    process.on('SIGXFSZ', () => {});
    await takeKeyFile(${JSON.stringify(path)}).catch((error) => console.log(error.message));`;
  // A process with this limit may write nothing into files (setrlimit(2)), as on a full disk; into a pipe it may.
  const script = 'ulimit -f 0; "$@" | cat';
  const node = [process.execPath, '--input-type=module', '-e', program];
  const { stdout } = spawnSync('sh', ['-c', script, 'sh', ...node], { encoding: 'utf8' });
  assert.match(stdout, /secrets\.key, cannot be written/);
  assert.deepEqual(readdirSync(dirname(path)), []);
  assert.equal(await takeKeyFile(path), readKeyFile(path));
});

test('a key – several make it at once – is the same for all', async (context) => {
  const path = join(makeFolder(context), 'secrets.key');
  const keys = await Promise.all(Array.from({ length: 20 }, () => takeKeyFile(path)));
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(readdirSync(dirname(path)), ['secrets.key']);
});
