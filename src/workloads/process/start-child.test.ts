import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { startChild } from './start-child.ts';

const run = promisify(execFile);

test('a command that is not there – refused with the reason', async () => {
  await assert.rejects(
    startChild('/nowhere', () => spawn('/nowhere')),
    { code: 'workload_failed', message: /\/nowhere: it could not be started: no such file/ },
  );
});

test('a command that Node.js does not even try – refused with the reason', async () => {
  await assert.rejects(
    startChild('a\0b', () => spawn('a\0b')),
    { code: 'workload_failed', message: /could not be started/ },
  );
});

/** Takes all descriptors but so many, then starts a command in the way of a workload. */
const program = (kept: number, url: string) => `
  import { closeSync, openSync } from 'node:fs';
  import { startChild } from ${JSON.stringify(url)};
  import { spawn } from 'node:child_process';
  const taken = [];
  try { for (;;) taken.push(openSync('/dev/null')); } catch {}
  for (const one of taken.slice(-${kept})) closeSync(one);
  await startChild('true', () => spawn('true')).then(() => console.log('started'), (error) => console.log(error.message));
  await new Promise((resolve) => setTimeout(resolve, 200));
`;

test('a command where no more files can be opened – refused with the reason, and this process goes on', async (context) => {
  if (process.platform === 'win32') return context.skip('no limits of files');
  for (const kept of [1, 3, 5]) {
    const url = new URL('start-child.ts', import.meta.url).href;
    const limited = ['-c', 'ulimit -n 100; exec "$0" "$@"', process.execPath, '--input-type=module', '-e'];
    const { stdout } = await run('/bin/sh', [...limited, program(kept, url)], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    });
    assert.match(stdout, /true: it could not be started: too many open files \(EMFILE\)/);
  }
});
