import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { runNpm } from '../tools/install.js';
import { root } from '../tools/root.js';
import { ensureReady } from '../tools/set-up.js';
import { collectResult } from './kit/run-usher.ts';

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

let folder = '';
let packed: Packed | undefined;

before(async () => {
  await ensureReady({ tests: false });
  folder = await mkdtemp(join(tmpdir(), 'usher-packaging-'));
  const { status, output } = await runNpm(
    ['pack', '--ignore-scripts', '--json', '--loglevel=silent', '--pack-destination', folder],
    { cwd: root },
  );
  assert.equal(status, 0, output);
  [packed] = JSON.parse(output) as Packed[];
});

after(() => rm(folder, { recursive: true, force: true }));

function paths(): string[] {
  return packed?.files.map(({ path }) => path) ?? [];
}

test('package – what is in it – launcher, build, licence and pages, and nothing else', () => {
  const outside = paths().filter((path) => !path.startsWith('dist/'));
  assert.deepEqual(outside.sort(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin/usher.js', 'package.json']);
});

test('package – the build in it – compiled code and no tests', () => {
  const built = paths().filter((path) => path.startsWith('dist/'));
  assert.ok(built.includes('dist/cli/main.js'));
  assert.deepEqual(
    built.filter((path) => !path.endsWith('.js') || path.endsWith('.test.js')),
    [],
  );
});

test('package – its package.json – asks for Node.js 24 and pins none', async () => {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  assert.equal(manifest.engines.node, '>=24');
  const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  assert.deepEqual(
    names.filter((name) => name.startsWith('node-')),
    [],
  );
});

test('package – installed into an empty folder – usher version answers', { timeout: 180_000 }, async (t) => {
  const reachable = await runNpm(['ping', '--fetch-retries=0', '--fetch-timeout=5000'], { cwd: folder });
  if (reachable.status !== 0) return t.skip('no package registry');
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  const { status, output } = await runNpm(
    [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      join(folder, packed?.filename ?? ''),
    ],
    { cwd: folder },
  );
  assert.equal(status, 0, output);
  const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const child = spawn(join(folder, 'node_modules/.bin/usher'), ['version'], { cwd: folder, env: { PATH } });
  const { code, stdout, stderr } = await collectResult(child);
  assert.match(stdout, /0\.1\.0/);
  assert.equal(stderr, '');
  assert.equal(code, 0);
});
