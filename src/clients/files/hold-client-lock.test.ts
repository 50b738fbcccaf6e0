import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { holdClientLock } from './hold-client-lock.ts';

async function makeFile(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'client-lock-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'settings.json');
  await writeFile(file, '{}');
  return file;
}

for (const kind of ['empty-folder', 'folder-with-owner'] as const) {
  test(`a client's lock (${kind}) – the client holds it – Usher waits, has it, and gives it back`, async (context) => {
    const file = await makeFile(context);
    await mkdir(`${file}.lock`);
    if (kind === 'folder-with-owner') await writeFile(join(`${file}.lock`, 'owner.client'), '');
    let hasLock = false;
    const held = holdClientLock(file, kind).then((lock) => {
      hasLock = true;
      return lock;
    });
    await stat(`${file}.lock`);
    assert.equal(hasLock, false);
    await rm(join(`${file}.lock`, 'owner.client'), { force: true });
    await rmdir(`${file}.lock`).catch(() => {}); // Usher may have moved into the empty one already
    const lock = await held;
    assert.equal((await readdir(`${file}.lock`)).length, kind === 'empty-folder' ? 0 : 1);
    await lock[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(join(file, '..')), ['settings.json']);
  });

  test(`a client's lock (${kind}) – of a client that was killed – taken over after ten seconds without a sign of life`, async (context) => {
    const file = await makeFile(context);
    await mkdir(`${file}.lock`);
    await writeFile(join(`${file}.lock`, 'owner.client'), '');
    const longAgo = new Date(Date.now() - 11_000);
    await utimes(`${file}.lock`, longAgo, longAgo);
    await using lock = await holdClientLock(file, kind);
    assert.ok(lock);
  });

  test(`a client's lock (${kind}) – two Ushers – one after the other`, async (context) => {
    const file = await makeFile(context);
    let holders = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        await using _ = await holdClientLock(file, kind);
        most = Math.max(most, (holders += 1));
        await readdir(join(file, '..'));
        holders -= 1;
      }),
    );
    assert.equal(most, 1);
  });
}

test("a client's lock – no folder for its settings – nothing to lock, and none is made", async (context) => {
  const file = join(await makeFile(context), '..', 'none', 'settings.json');
  await using lock = await holdClientLock(file, 'empty-folder');
  assert.ok(lock);
  assert.deepEqual(await readdir(join(file, '..', '..')), ['settings.json']);
});
