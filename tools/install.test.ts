import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { installPackages, isInstalled } from './install.js';

interface Lockfile {
  readonly name: string;
  readonly version: string;
  readonly lockfileVersion: number;
  readonly packages: Record<string, object>;
}

const emptyLockfile: Lockfile = {
  name: 'example',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: { '': { name: 'example', version: '1.0.0' } },
};

function withPackage(fields: object): Lockfile {
  return { ...emptyLockfile, packages: { ...emptyLockfile.packages, 'node_modules/part': fields } };
}

/** A folder with a package.json without dependencies and the lockfile given. */
async function makePackage(t: TestContext, lockfile: Lockfile = emptyLockfile): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-install-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'example', version: '1.0.0' }));
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockfile));
  return folder;
}

/** Writes what npm would leave behind in node_modules. */
async function pretendInstalled(folder: string, list: Lockfile, ...names: string[]): Promise<void> {
  for (const name of names) await mkdir(join(folder, 'node_modules', name), { recursive: true });
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await writeFile(join(folder, 'node_modules/.package-lock.json'), JSON.stringify(list));
}

test('packages – nothing was installed – not installed', async (t) => {
  assert.equal(isInstalled(await makePackage(t)), false);
});

test('packages – installed – installed, and nothing but the stamp is left behind', async (t) => {
  const folder = await makePackage(t);
  await installPackages(folder);
  assert.equal(isInstalled(folder), true);
  assert.deepEqual(
    (await readdir(join(folder, 'node_modules'))).filter((name) => name.startsWith('.usher')),
    ['.usher-installed'],
  );
});

test('packages – the lockfile changed since – not installed', async (t) => {
  const folder = await makePackage(t);
  await installPackages(folder);
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(withPackage({ version: '1.0.0', integrity: 'x' })));
  assert.equal(isInstalled(folder), false);
});

test('packages – an install was cut off half way – not installed', async (t) => {
  const folder = await makePackage(t, withPackage({ version: '1.0.0', integrity: 'x' }));
  await mkdir(join(folder, 'node_modules/part'), { recursive: true });
  assert.equal(isInstalled(folder), false);
});

test('packages – npm cannot install – says what npm said and what to do, and does not count as installed', async (t) => {
  const folder = await makePackage(t);
  await installPackages(folder);
  await writeFile(join(folder, 'package-lock.json'), 'no lockfile');
  await assert.rejects(
    installPackages(folder),
    /npm ci ended with 1\.\n[\s\S]*lockfile[\s\S]*\(npm ping\)[\s\S]*\(npm config get cache\)/,
  );
  assert.equal(isInstalled(folder), false);
});

test('packages – installed by hand – installed', async (t) => {
  const lockfile = withPackage({ version: '1.0.0', integrity: 'x' });
  const folder = await makePackage(t, lockfile);
  await pretendInstalled(folder, lockfile, 'part');
  assert.equal(isInstalled(folder), true);
});

test('packages – installed by hand in another version – not installed', async (t) => {
  const folder = await makePackage(t, withPackage({ version: '1.0.1', integrity: 'y' }));
  await pretendInstalled(folder, withPackage({ version: '1.0.0', integrity: 'x' }), 'part');
  assert.equal(isInstalled(folder), false);
});

test('packages – one for another platform is absent – installed', async (t) => {
  const folder = await makePackage(t, withPackage({ version: '1.0.0', integrity: 'x', optional: true, os: 'aix' }));
  await pretendInstalled(folder, emptyLockfile);
  assert.equal(isInstalled(folder), true);
});

test('packages – one for this platform is absent – not installed', async (t) => {
  const fields = { version: '1.0.0', integrity: 'x', optional: true, os: process.platform, cpu: process.arch };
  const folder = await makePackage(t, withPackage(fields));
  await pretendInstalled(folder, emptyLockfile);
  assert.equal(isInstalled(folder), false);
});

test('packages – a signal arrives while npm works – npm is stopped, which is said, and nothing counts as installed', async (t) => {
  const folder = await makePackage(t);
  const script = `
    import { installPackages } from ${JSON.stringify(new URL('install.js', import.meta.url).href)};
    const installed = installPackages(${JSON.stringify(folder)});
    process.kill(process.pid, 'SIGTERM');
    await installed.catch((error) => console.log(error.message));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(stdout, 'Stopped while packages were being installed; the next start installs them anew.\n');
  assert.equal(isInstalled(folder), false);
});
