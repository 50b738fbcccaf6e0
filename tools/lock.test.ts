import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { withLock } from './lock.js';

function lockPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'usher-lock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'state', 'lock');
}

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

test('lock – two want it at once – the second works after the first, and is told whom it waits for', async (t) => {
  const path = lockPath(t);
  const steps: string[] = [];
  const first = withLock(path, async () => {
    steps.push('first begins');
    await delay(150);
    steps.push('first ends');
  });
  const second = withLock(
    path,
    async () => void steps.push('second begins'),
    (owner) => steps.push(`waits for ${owner}`),
  );
  await Promise.all([first, second]);
  assert.deepEqual(steps, ['first begins', `waits for ${process.pid}`, 'first ends', 'second begins']);
});

test('lock – the work is done – leaves no file', async (t) => {
  const path = lockPath(t);
  assert.equal(await withLock(path, async () => existsSync(path)), true);
  assert.equal(existsSync(path), false);
});

test('lock – the work throws – is free again', async (t) => {
  const path = lockPath(t);
  await assert.rejects(
    withLock(path, async () => {
      throw new Error('broken');
    }),
    /broken/,
  );
  assert.equal(await withLock(path, async () => 'mine'), 'mine');
});

test('lock – its owner was killed – is broken', async (t) => {
  const path = lockPath(t);
  await withLock(path, async () => {});
  writeFileSync(path, String(deadPid()));
  assert.equal(await withLock(path, async () => 'mine'), 'mine');
});

test('lock – its owner was killed but a process it started works on – holds until that one has ended', async (t) => {
  const path = lockPath(t);
  await withLock(path, async () => {});
  const worker = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 400)']);
  writeFileSync(path, `${deadPid()} ${worker.pid}`);
  const ended = once(worker, 'exit').then(() => 'worker ended');
  const taken = withLock(path, async () => 'lock taken');
  assert.equal(await Promise.race([ended, taken]), 'worker ended');
  assert.equal(await taken, 'lock taken');
});

test('lock – nobody renewed it for minutes – is broken even when its owner seems alive', async (t) => {
  const path = lockPath(t);
  await withLock(path, async () => {});
  writeFileSync(path, '1');
  const longAgo = new Date(Date.now() - 10 * 60_000);
  utimesSync(path, longAgo, longAgo);
  assert.equal(await withLock(path, async () => 'mine'), 'mine');
});

test('lock – a process is added – the file names it', async (t) => {
  const path = lockPath(t);
  const content = await withLock(path, async (hold) => {
    hold.add(4711);
    return readFile(path, 'utf8');
  });
  assert.equal(content, `${process.pid} 4711`);
});

test('lock – many processes break one stale lock at once – never two work at the same time', async (t) => {
  const path = lockPath(t);
  await withLock(path, async () => {});
  writeFileSync(path, String(deadPid()));
  const busy = `${path}.busy`;
  const script = `
    import { withLock } from ${JSON.stringify(new URL('lock.js', import.meta.url).href)};
    import { rmSync, writeFileSync } from 'node:fs';
    await withLock(${JSON.stringify(path)}, async () => {
      writeFileSync(${JSON.stringify(busy)}, '', { flag: 'wx' });
      await new Promise((done) => setTimeout(done, 30));
      rmSync(${JSON.stringify(busy)});
    });`;
  const codes = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
      const [code] = await once(child, 'exit');
      return code;
    }),
  );
  assert.deepEqual(codes, [0, 0, 0, 0, 0, 0]);
});
