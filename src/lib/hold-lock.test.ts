import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { holdLock } from './hold-lock.ts';

async function makeFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hold-lock-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a lock – held already – another waits until it is given back', async (context) => {
  const path = join(await makeFolder(context), 'state', 'lock');
  const first = await holdLock(path, { timeoutMs: 10_000 });
  let isSecond = false;
  const second = holdLock(path, { timeoutMs: 10_000 }).then((lock) => {
    isSecond = true;
    return lock;
  });
  assert.equal(await holdLock(path, { timeoutMs: 0 }), undefined);
  assert.equal(isSecond, false);
  await first?.[Symbol.asyncDispose]();
  await (await second)?.[Symbol.asyncDispose]();
  assert.deepEqual(await readdir(join(path, '..')), []);
});

test('a lock – of a process that is gone – taken over by one of those who wait', async (context) => {
  const path = join(await makeFolder(context), 'lock');
  await writeFile(path, '999999999');
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      await using lock = await holdLock(path, { timeoutMs: 20_000 });
      assert.ok(lock);
      most = Math.max(most, (holders += 1));
      assert.equal(await readFile(path, 'utf8'), String(process.pid));
      holders -= 1;
    }),
  );
  assert.equal(most, 1);
});

test('a lock – held for longer than any work takes – taken over', async (context) => {
  const path = join(await makeFolder(context), 'lock');
  await writeFile(path, String(process.pid));
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(path, longAgo, longAgo);
  await using lock = await holdLock(path, { timeoutMs: 10_000 });
  assert.ok(lock);
});
