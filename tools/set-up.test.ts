import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { build, isBuilt } from './build.js';
import { findPinnedNode } from './pinned-node.js';
import { root as repository } from './root.js';
import { ensureReady } from './set-up.js';

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-set-up-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A clone without any package to install. */
async function makeClone(t: TestContext): Promise<string> {
  const root = await makeFolder(t);
  const identity = { name: 'example', version: '1.0.0' };
  await mkdir(join(root, 'tools/runtime'), { recursive: true });
  await writeFile(join(root, 'tools/runtime/package.json'), '{"optionalDependencies":{}}');
  await writeFile(join(root, 'package.json'), JSON.stringify(identity));
  const lockfile = { ...identity, lockfileVersion: 3, packages: { '': identity } };
  await writeFile(join(root, 'package-lock.json'), JSON.stringify(lockfile));
  return root;
}

/** A clone with the compiler at hand and one source file. */
async function makeSources(t: TestContext): Promise<string> {
  const root = await makeFolder(t);
  await mkdir(join(root, 'src'));
  await mkdir(join(root, 'node_modules'));
  for (const name of ['typescript', '@typescript', '@types', 'undici-types']) {
    const target = join(repository, 'node_modules', name);
    if (existsSync(target)) await symlink(target, join(root, 'node_modules', name));
  }
  for (const name of ['tsconfig.json', 'tsconfig.build.json']) {
    await writeFile(join(root, name), await readFile(join(repository, name)));
  }
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  await writeFile(join(root, 'src/answer.ts'), 'export const answer: number = 42;\n');
  return root;
}

test('set-up – a fresh clone – installs, tells its progress and names a Node.js', async (t) => {
  const root = await makeClone(t);
  let told = '';
  const node = await ensureReady({ root, tests: false, built: false, progress: { write: (text) => (told += text) } });
  assert.match(told, /^\[1\/1\] Installing packages \(first time: about 20 s\) … done in \d+(\.\d)? s\n$/);
  assert.equal(node, process.execPath);
});

test('set-up – everything is there – does nothing and says nothing', async (t) => {
  const root = await makeClone(t);
  await ensureReady({ root, tests: false, built: false, progress: { write: () => {} } });
  let told = '';
  await ensureReady({ root, tests: false, built: false, progress: { write: (text) => (told += text) } });
  assert.equal(told, '');
});

test('set-up – two at once – one installs, the other waits and finds it done', async (t) => {
  const root = await makeClone(t);
  let told = '';
  const once = () => ensureReady({ root, tests: false, built: false, progress: { write: (text) => (told += text) } });
  await Promise.all([once(), once()]);
  assert.equal(told.match(/Installing/g)?.length, 1);
  assert.match(told, new RegExp(`Waiting for another set-up \\(process ${process.pid}\\) to finish`));
});

test('set-up – installing fails – says so and is not done', async (t) => {
  const root = await makeClone(t);
  await writeFile(join(root, 'package-lock.json'), 'no lockfile');
  let told = '';
  const once = () => ensureReady({ root, tests: false, built: false, progress: { write: (text) => (told += text) } });
  await assert.rejects(once(), /Cannot install the packages/);
  assert.match(told, /… failed\n$/);
  await assert.rejects(once(), /Cannot install the packages/);
});

test('build – sources as they were – is built, until one changes', async (t) => {
  const root = await makeSources(t);
  assert.equal(isBuilt(root), false);
  build(root, process.execPath);
  assert.equal(isBuilt(root), true);
  assert.match(await readFile(join(root, 'dist/answer.js'), 'utf8'), /export const answer = 42;/);
  await writeFile(join(root, 'src/answer.ts'), 'export const answer: number = 43;\n');
  assert.equal(isBuilt(root), false);
});

test('build – a source was only touched – is still built', async (t) => {
  const root = await makeSources(t);
  build(root, process.execPath);
  await utimes(join(root, 'src/answer.ts'), new Date(), new Date());
  assert.equal(isBuilt(root), true);
});

test('build – a source was removed – what it built to is removed', async (t) => {
  const root = await makeSources(t);
  await writeFile(join(root, 'src/second.ts'), 'export const second = 2;\n');
  build(root, process.execPath);
  await rm(join(root, 'src/second.ts'));
  build(root, process.execPath);
  assert.equal(existsSync(join(root, 'dist/second.js')), false);
  assert.equal(existsSync(join(root, 'dist/answer.js')), true);
});

test('build – a built file was removed – is not built', async (t) => {
  const root = await makeSources(t);
  build(root, process.execPath);
  await rm(join(root, 'dist/answer.js'));
  assert.equal(isBuilt(root), false);
});

test('build – the compiler refuses – says what it said and keeps what was built before', async (t) => {
  const root = await makeSources(t);
  build(root, process.execPath);
  await writeFile(join(root, 'src/answer.ts'), "export const answer: number = 'many';\n");
  assert.throws(() => build(root, process.execPath), /Cannot build[\s\S]*src\/answer\.ts\(1,14\): error TS2322/);
  assert.match(await readFile(join(root, 'dist/answer.js'), 'utf8'), /= 42;/);
  assert.equal(isBuilt(root), false);
});

test('pinned Node.js – node_modules/.bin is missing – found all the same', async (t) => {
  const root = await makeFolder(t);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const program = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  await mkdir(join(root, 'tools/runtime'), { recursive: true });
  await writeFile(
    join(root, 'tools/runtime/package.json'),
    JSON.stringify({ optionalDependencies: { [name]: '24.0.0' } }),
  );
  await mkdir(join(program, '..'), { recursive: true });
  await symlink(process.execPath, program);
  assert.equal(findPinnedNode(root), program);
});

test('pinned Node.js – it cannot run on this machine – the own one is taken', async (t) => {
  const root = await makeFolder(t);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  await mkdir(join(root, 'tools/runtime'), { recursive: true });
  await writeFile(
    join(root, 'tools/runtime/package.json'),
    JSON.stringify({ optionalDependencies: { [name]: '24.0.0' } }),
  );
  await mkdir(join(root, 'node_modules', name, 'bin'), { recursive: true });
  await writeFile(join(root, 'node_modules', name, 'bin/node'), 'no program', { mode: 0o755 });
  assert.equal(findPinnedNode(root), process.execPath);
});
