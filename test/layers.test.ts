import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { listFiles } from '../tools/build.js';
import { allowedEdges, checkLayers, findImports } from '../tools/layers.js';
import { root } from '../tools/root.js';

/** What is wrong with a repository that has only these sources. */
async function check(t: TestContext, files: Record<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-layers-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return checkLayers(folder);
}

test('layers – the sources as they are – nothing is wrong', () => {
  assert.deepEqual(checkLayers(root), []);
});

test('layers – the table of edges – has no circle', () => {
  const reach = (folder: string, path: readonly string[]): void => {
    assert.ok(!path.includes(folder), `${[...path, folder].join(' → ')} is a circle`);
    for (const next of allowedEdges[folder] ?? []) reach(next, [...path, folder]);
  };
  for (const folder of Object.keys(allowedEdges)) reach(folder, []);
});

test('layers – an import against the arrow – refused', async (t) => {
  assert.deepEqual(await check(t, { 'src/model/a.ts': "import { b } from '../pipeline/b.ts';" }), [
    'src/model/a.ts: imports src/pipeline/b.ts, but model/ may import only lib',
  ]);
});

test('layers – a type imported against the arrow – refused', async (t) => {
  const [problem] = await check(t, { 'src/lib/a.ts': "import type { B } from '../model/b.ts';" });
  assert.match(problem ?? '', /lib\/ may import only nothing outside itself/);
});

test('layers – a dynamic import against the arrow – refused', async (t) => {
  const [problem] = await check(t, { 'src/gateway/a.ts': "const b = await import('../cli/b.ts');" });
  assert.match(problem ?? '', /imports src\/cli\/b\.ts, but gateway\//);
});

test('layers – a re-export over several lines against the arrow – refused', async (t) => {
  const [problem] = await check(t, { 'src/lib/a.ts': "export {\n  b,\n} from '../model/b.ts';" });
  assert.match(problem ?? '', /imports src\/model\/b\.ts/);
});

test('layers – one seam imports another – refused', async (t) => {
  const [problem] = await check(t, { 'src/idp/a.ts': "import { b } from '../credentials/none/b.ts';" });
  assert.match(problem ?? '', /idp\/ may import only views, model, lib/);
});

test('layers – a member of a seam imports its neighbour – refused', async (t) => {
  const problems = await check(t, { 'src/credentials/one/a.ts': "import { b } from '../two/b.ts';" });
  assert.match(problems.join('\n'), /members of a seam do not know one another/);
});

test('layers – config imports more of a seam than its schema – refused', async (t) => {
  const [problem] = await check(t, { 'src/config/a.ts': "import { b } from '../upstreams/http/b.ts';" });
  assert.match(problem ?? '', /config\/ may import only model, lib/);
});

test('layers – the pipeline imports config – refused', async (t) => {
  const [problem] = await check(t, { 'src/pipeline/a.ts': "import { b } from '../config/b.ts';" });
  assert.match(problem ?? '', /pipeline\/ may import only model, lib/);
});

test('layers – a folder the table does not know – refused', async (t) => {
  const [problem] = await check(t, { 'src/extra/a.ts': "import { b } from '../lib/b.ts';" });
  assert.match(problem ?? '', /extra\/ has no row in tools\/layers\.js/);
});

test('layers – the product imports a test or a tool – refused', async (t) => {
  const problems = await check(t, {
    'src/lib/a.ts': "import { b } from './b.test.ts';\nimport { c } from '../../tools/c.js';",
  });
  assert.match(problems.join('\n'), /imports the test \.\/b\.test\.ts[\s\S]*which is outside src\//);
});

test('layers – a package outside its folders – refused', async (t) => {
  const [problem] = await check(t, { 'src/pipeline/a.ts': "import { decodeJwt } from 'jose';" });
  assert.match(problem ?? '', /the package jose, which belongs into authenticators\/jwt\//);
});

test('layers – a package nobody listed – refused', async (t) => {
  const [problem] = await check(t, { 'src/cli/a.ts': "import x from '@scope/pack/part';" });
  assert.match(problem ?? '', /the package @scope\/pack, which has no row/);
});

test('layers – an import that is computed – refused', async (t) => {
  const [problem] = await check(t, { 'src/cli/a.ts': 'const b = await import(name);' });
  assert.match(problem ?? '', /imports something that is computed/);
});

test('layers – folders that import one another – refused with the way round', async (t) => {
  assert.deepEqual(
    await check(t, {
      'src/idp/views/a.ts': "import { b } from '../tls/b.ts';",
      'src/idp/tls/b.ts': "import { a } from '../views/a.ts';",
    }),
    ['Folders import one another: src/idp/tls → src/idp/views → src/idp/tls'],
  );
});

test('layers – a member of a seam that nobody lists – refused', async (t) => {
  assert.deepEqual(await check(t, { 'src/policies/cedar/schema.ts': 'export const cedarSchema = 1;' }), [
    'src/policies/cedar: src/config/ does not import its schema.ts, so nobody can configure it',
    "src/policies/cedar: nothing outside imports its strategy; add it to the seam's list",
  ]);
});

test('layers – a file of more than 400 lines of code – refused', async (t) => {
  const [problem] = await check(t, { 'src/lib/a.ts': 'export const a = 1;\n'.repeat(401) });
  assert.equal(problem, 'src/lib/a.ts: 401 lines of code, at most 400; divide it by what its parts are about');
});

test('layers – a file whose length is comments – taken', async (t) => {
  const text = `${'// why\n'.repeat(300)}/**\n${' * why\n'.repeat(300)} */\nexport const a = 1;\n`;
  assert.deepEqual(await check(t, { 'src/lib/a.ts': text }), []);
});

test('layers – every form of import – found', () => {
  const text = `
import a from 'a1';
import { b, type C } from "a2";
import type { D } from 'a3';
import * as e from 'a4';
import 'a5';
export * from 'a6';
export type { F } from 'a7';
const g = await import('a8');
type H = import('a9').H;
import {
  i,
} from 'b1';`;
  assert.deepEqual(findImports(text).sort(), ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9', 'b1']);
});

test('layers – what a gateway loads at its start – undici in parts only', () => {
  const whole = listFiles(join(root, 'src'))
    .filter((path) => path.endsWith('.ts') && !path.includes('/demo/') && !/\.(test|d)\.ts$/.test(path))
    .filter((path) => /^import (?!type ).* from 'undici';$/m.test(readFileSync(path, 'utf8')));
  assert.deepEqual(whole, [], 'docs/decisions/0015-undici-in-parts.md');
});
