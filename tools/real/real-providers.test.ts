import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { root } from '../root.js';
import { keepFolder } from './keep-folder.js';

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-real-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a test file that wants Keycloak, or what a word says, on a machine with these programs alone, and returns what it was
 * told.
 */
async function tellOf(
  t: TestContext,
  programs: Readonly<Record<string, string>>,
  env: Record<string, string> = {},
  { word, variable } = { word: 'keycloak', variable: 'TEST_KEYCLOAK' },
) {
  const [folder, bin] = [await makeFolder(t), await makeFolder(t)];
  await mkdir(join(folder, 'test'));
  const file = join(folder, 'test', `a.${word}.test.ts`);
  await writeFile(
    file,
    `import { test } from 'node:test';
test('told', (t) => t.skip(process.env.${variable}));`,
  );
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const child = spawn(process.execPath, [join(root, 'tools/run-tests.js'), '--root', folder], {
    env: { PATH: [bin, '/bin'].join(delimiter), XDG_CACHE_HOME: folder, NO_COLOR: '1', ...env },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(child, 'close');
  const told = output.split('\n').find((line) => line.startsWith('  {'));
  assert.ok(told !== undefined, output);
  return { told: JSON.parse(told) as Record<string, string>, left: await readdir(folder), bin };
}

const java = `echo 'openjdk version "21.0.1"' >&2`;

test('real Keycloak – Java is too old – the test is told so', async (t) => {
  const { told } = await tellOf(t, { java: `echo 'java version "1.8.0_292"' >&2`, mvn: 'exit 1' });
  assert.deepEqual(told, { missing: 'java on PATH is version 8, 17 or newer is needed' });
});

test('real Keycloak – Maven cannot fetch it – the test is told so, without the address, and nothing is kept', async (t) => {
  const mvn = `echo '[ERROR] Could not transfer artifact a:b:1 from/to central (https://repo.example/m2): timed out'; exit 1`;
  const { told, left } = await tellOf(t, { java, mvn });
  assert.match(told['missing'] ?? '', /^Maven cannot fetch it: Could not transfer artifact a:b:1 from\/to central/);
  assert.doesNotMatch(told['missing'] ?? '', /repo\.example/);
  assert.deepEqual(left.toSorted(), ['test', 'usher-tests']);
});

test('real Keycloak – Maven brings another archive than the known one – fails, and is not run', async (t) => {
  // Maven is told the folder last.
  const mvn = 'for last; do :; done; echo other > "${last#-DoutputDirectory=}/keycloak-quarkus-dist-26.7.3.zip"';
  const { told } = await tellOf(t, { java, mvn });
  assert.match(told['failed'] ?? '', /archive is not the one expected/);
});

test('real Keycloak – one is running already – that one is used', async (t) => {
  const url = 'http://127.0.0.1:9';
  const { told } = await tellOf(t, {}, { TEST_KEYCLOAK: JSON.stringify({ url }) });
  assert.deepEqual(told, { url });
});

const codex = { word: 'codex', variable: 'TEST_CODEX' };

test('a real client – npm cannot fetch it – the test is told so, without the address, and nothing is kept', async (t) => {
  const npm = `echo 'npm error request to https://registry.example/@openai/codex failed'; exit 1`;
  const { told, left } = await tellOf(t, { npm }, {}, codex);
  assert.match(told['missing'] ?? '', /^npm cannot fetch codex: npm error request to … failed/);
  assert.deepEqual(left.toSorted(), ['test', 'usher-tests']);
});

test('a real client – not made for this machine – the test is told so', async (t) => {
  const { told } = await tellOf(t, { npm: 'exit 0' }, {}, codex);
  assert.equal(told['missing'], `codex has no program for ${process.platform} on ${process.arch}`);
});

test('kept folder – filled – once, and not again', async (t) => {
  const cache = await makeFolder(t);
  let fills = 0;
  const fill = async (folder: string) => {
    fills += 1;
    await writeFile(join(folder, 'a'), 'b');
  };
  const folder = await keepFolder('thing', fill, cache);
  assert.equal(await keepFolder('thing', fill, cache), folder);
  assert.equal(fills, 1);
  assert.deepEqual(await readdir(folder), ['a']);
});

test('kept folder – filling fails – leaves nothing that looks whole', async (t) => {
  const cache = await makeFolder(t);
  const fill = async (folder: string) => {
    await writeFile(join(folder, 'half'), '');
    throw new Error('cut off');
  };
  await assert.rejects(keepFolder('thing', fill, cache), /cut off/);
  assert.deepEqual(await readdir(join(cache, 'usher-tests')), []);
});
