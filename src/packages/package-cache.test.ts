import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readOwnHolder } from '../lib/lock-holder.ts';
import { clearCache, endLease, folderOf, leaseFolder } from './package-cache.ts';

async function makeCache(context: TestContext) {
  const cache = await mkdtemp(join(tmpdir(), 'usher-cache-'));
  context.after(() => rm(cache, { recursive: true, force: true }));
  return {
    cache,
    keep: async (name: string, folder: string, daysAgo = 0): Promise<void> => {
      await mkdir(join(cache, folder, 'bin'), { recursive: true });
      const file = join(cache, `${name}.json`);
      await writeFile(file, JSON.stringify({ command: [join(cache, folder, 'bin/program')], scripts: [] }));
      const at = new Date(Date.now() - daysAgo * 86_400_000);
      await utimes(file, at, at);
    },
    clear: (more: Partial<Parameters<typeof clearCache>[1]> = {}) =>
      clearCache(cache, { named: new Set(), isNamedFolder: () => false, unwanted: new Set(), ...more }),
    left: async () => (await readdir(cache)).filter((name) => !name.startsWith('.')).toSorted(),
  };
}

test('clearCache – what was used lately, or is named by a server – stays; what was not for thirty days goes', async (context) => {
  const { keep, clear, left } = await makeCache(context);
  await keep('lately', 'a', 29);
  await keep('named', 'b', 99);
  await keep('old', 'c', 31);
  assert.deepEqual(await clear({ named: new Set(['named']) }), ['old']);
  assert.deepEqual(await left(), ['a', 'b', 'lately.json', 'named.json']);
});

test('clearCache – what is unwanted – goes at once, unless a server has its folder or a process uses it', async (context) => {
  const { cache, keep, clear, left } = await makeCache(context);
  for (const name of ['a', 'b', 'c']) await keep(name, `folder-${name}`);
  await leaseFolder(cache, 'folder-b');
  const unwanted = new Set(['a', 'b', 'c']);
  assert.deepEqual(await clear({ unwanted, isNamedFolder: (folder) => folder === 'folder-c' }), ['a']);
  assert.deepEqual(await left(), ['b.json', 'c.json', 'folder-b', 'folder-c']);
});

test('clearCache – a download under way, and one whose process was killed – the first stays', async (context) => {
  const { cache, clear, left } = await makeCache(context);
  for (const folder of ['under-way', 'killed', 'without-a-word']) await mkdir(join(cache, folder));
  await leaseFolder(cache, 'under-way');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const holder = { ...(await readOwnHolder()), pid, folder: 'killed' };
  await writeFile(join(cache, '.leases', `${pid}-killed.json`), JSON.stringify(holder));
  await clear();
  assert.deepEqual(await left(), ['under-way']);
  const leases = await readdir(join(cache, '.leases'));
  assert.deepEqual(leases.length, 1);
  assert.match(leases[0] ?? '', /-under-way\.json$/);
});

test('clearCache – downloads that begin meanwhile – keep their folders', async (context) => {
  const { cache, clear, left } = await makeCache(context);
  const begun: string[] = [];
  const begin = async () => {
    const folder = `download-${String(begun.length).padStart(4, '0')}`;
    await leaseFolder(cache, folder);
    await mkdir(join(cache, folder));
    begun.push(folder);
  };
  // Many, so that it takes a while to look at them.
  while (begun.length < 100) await begin();
  const clearing = { isOver: false };
  const cleared = clear().finally(() => (clearing.isOver = true));
  while (!clearing.isOver) await begin();
  await cleared;
  assert.deepEqual(await left(), begun);
  for (const folder of begun) await endLease(cache, folder);
});

test('leaseFolder – many packages in one process – one listener, which goes with the last lease', async (context) => {
  const { cache } = await makeCache(context);
  const before = process.listenerCount('exit');
  const folders = [...Array(12).keys()].map(String);
  for (const folder of folders) await leaseFolder(cache, folder);
  assert.ok(process.listenerCount('exit') <= before + 1);
  for (const folder of folders) await endLease(cache, folder);
  assert.ok(process.listenerCount('exit') <= before);
  assert.deepEqual(await readdir(join(cache, '.leases')), []);
});

test('clearCache – a package that was fetched when the cache had another path – keeps its folder', async (context) => {
  const { cache, clear, left } = await makeCache(context);
  const folder = '5f0c1c52-7c3e-4d0a-9d5b-0a8f7f6e1a11';
  await mkdir(join(cache, folder));
  const command = [`/somewhere/else/usher/packages/${folder}/bin/program`];
  await writeFile(join(cache, 'named.json'), JSON.stringify({ command, scripts: [] }));
  assert.deepEqual(await clear({ named: new Set(['named']) }), []);
  assert.deepEqual(await left(), [folder, 'named.json']);
});

test('folderOf – a cache that was reached by another path, below a folder that is called like one of its own – the folder in the cache', () => {
  const [parent, folder] = ['0a0b0c0d-7c3e-4d0a-9d5b-0a8f7f6e1a11', '5f0c1c52-7c3e-4d0a-9d5b-0a8f7f6e1a11'];
  const command = [`/volumes/${parent}/usher/packages/${folder}/node_modules/.bin/program`, '--flag'];
  assert.equal(folderOf('/home/me/.cache/usher/packages', command), folder);
});
