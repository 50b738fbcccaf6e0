import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { abandonLock } from '../../test/kit/abandon-lock.ts';
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
  // One that has ended since.
  await abandonLock(path);
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      await using lock = await holdLock(path, { timeoutMs: 20_000 });
      assert.ok(lock);
      most = Math.max(most, (holders += 1));
      assert.match(await readFile(path, 'utf8'), new RegExp(`"pid":${process.pid}\\b`));
      holders -= 1;
    }),
  );
  assert.equal(most, 1);
});

test('a lock – of whom nothing is known, held for longer than any work takes – taken over', async (context) => {
  const path = join(await makeFolder(context), 'lock');
  await writeFile(path, '');
  assert.equal(await holdLock(path, { timeoutMs: 0 }), undefined);
  await makeOld(path);
  await using lock = await holdLock(path, { timeoutMs: 10_000 });
  assert.ok(lock);
});

test('a lock – of another container, where the id is of nobody here – is not taken before its time', async (context) => {
  const path = join(await makeFolder(context), 'lock');
  await writeFile(path, JSON.stringify({ id: 'x', pid: 999_999_999, identity: 'x', scope: 'other pid:[1]' }));
  assert.equal(await holdLock(path, { timeoutMs: 100 }), undefined);
  await makeOld(path);
  await using lock = await holdLock(path, { timeoutMs: 10_000 });
  assert.ok(lock);
});

test('a lock – its holder is there, and the clock was set – stays with it', async (context) => {
  const path = join(await makeFolder(context), 'lock');
  await using lock = await holdLock(path, { timeoutMs: 0 });
  assert.ok(lock);
  await makeOld(path);
  assert.equal(await holdLock(path, { timeoutMs: 100 }), undefined);
});

test('a lock – lost to another meanwhile – is not given back for them', async (context) => {
  const path = join(await makeFolder(context), 'lock');
  const first = await holdLock(path, { timeoutMs: 0 });
  await rm(path);
  await using second = await holdLock(path, { timeoutMs: 0 });
  await first?.[Symbol.asyncDispose]();
  assert.ok(second);
  assert.equal(await holdLock(path, { timeoutMs: 0 }), undefined);
});

async function makeOld(path: string): Promise<void> {
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(path, longAgo, longAgo);
}

for (const code of ['EPERM', 'EOPNOTSUPP', 'ENOSYS']) {
  test(`a lock – on a file system without hard links, which says ${code} – is held by one at a time, and taken over`, async (context) => {
    const path = join(await makeFolder(context), 'lock');
    // As link(2) answers on FAT, on shares of SMB, and through FUSE.
    const makeLink = async () => {
      throw Object.assign(new Error(`${code}: operation not permitted, link`), { code });
    };
    const first = await holdLock(path, { timeoutMs: 10_000, makeLink });
    assert.ok(first);
    assert.equal(await holdLock(path, { timeoutMs: 0, makeLink }), undefined);
    await first[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(join(path, '..')), []);
    await abandonLock(path);
    await using second = await holdLock(path, { timeoutMs: 10_000, makeLink });
    assert.ok(second);
  });
}

test('a lock – on a disk that fails – throws what the system says', async (context) => {
  const path = join(await makeFolder(context), 'lock');
  const makeLink = async () => {
    throw Object.assign(new Error('EIO: i/o error, link'), { code: 'EIO' });
  };
  await assert.rejects(holdLock(path, { timeoutMs: 0, makeLink }), /EIO/);
});
