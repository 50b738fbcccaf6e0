import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const runChild = JSON.stringify(new URL('run-child.js', import.meta.url).href);

/** Starts a process that runs `child` (source text) through runChild and exits with its code. */
function start(child: string, graceMs = 5_000) {
  const script = `
    import { runChild } from ${runChild};
    process.exitCode = await runChild(process.execPath, ['-e', ${JSON.stringify(child)}], { graceMs: ${graceMs} });`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function readOutput(parent: ReturnType<typeof start>): Promise<string> {
  let output = '';
  parent.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(parent.stdout, 'end');
  return output;
}

/** Resolves when the process is gone or only waits to be collected by whoever inherited it; fails after 5 s. */
async function waitUntilGone(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (!isRunning(pid)) return;
    await delay(50);
  }
  assert.fail(`Process ${pid} still runs`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !readFileSync(stat, 'utf8').includes(') Z ');
}

test('child – ends with a code – the code is passed on', async () => {
  const [code] = await once(start('process.exit(7)'), 'exit');
  assert.equal(code, 7);
});

test('child – ended by a signal – the code is 128 and the number of the signal', async () => {
  const [code] = await once(start("process.kill(process.pid, 'SIGTERM')"), 'exit');
  assert.equal(code, 143);
});

test('child – the parent hears SIGINT twice at once – the child hears it once', async () => {
  const parent = start(`
    let heard = 0;
    process.on('SIGINT', () => {
      heard += 1;
      setTimeout(() => { console.log('heard ' + heard); process.exit(0); }, 100);
    });
    setInterval(() => {}, 1000);
    console.log('ready');`);
  await once(parent.stdout, 'data');
  const output = readOutput(parent);
  parent.kill('SIGINT');
  parent.kill('SIGINT');
  assert.equal(await output, 'heard 1\n');
});

test('child – it leaves a process behind – that one is ended too', async () => {
  const parent = start(`
    const left = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    console.log(left.pid);
    left.unref();`);
  const ended = once(parent, 'exit');
  const pid = Number(await readOutput(parent));
  await ended;
  assert.ok(pid > 0);
  await waitUntilGone(pid);
});

test('child – it ignores the signal – it is killed after the grace time', async () => {
  const parent = start("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log(process.pid);", 200);
  const [first] = await once(parent.stdout, 'data');
  parent.kill('SIGTERM');
  const [code] = await once(parent, 'exit');
  assert.equal(code, 137);
  await waitUntilGone(Number(String(first)));
});
