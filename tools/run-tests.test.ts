import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './root.js';

const header = "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\n";

/** A folder with the test files given, by name. */
async function writeTests(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-run-tests-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'test'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'test', name), header + text);
  return folder;
}

function startRunner(folder: string, args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const runner = join(root, 'tools/run-tests.js');
  const child = spawn(process.execPath, [runner, '--root', folder, ...args], { env: { ...env, NO_COLOR: '1' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, output })));
  return { child, ended };
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function runTests(t: TestContext, files: Record<string, string>, ...args: string[]): Promise<Ended> {
  return startRunner(await writeTests(t, files), args).ended;
}

function lastLine(output: string): string | undefined {
  assert.ok(output.endsWith('\n'));
  return output.split('\n').at(-2);
}

test('test runner – all tests pass – counts them last and exits 0', async (t) => {
  const { code, output } = await runTests(t, { 'a.test.ts': "test('one', () => {});\ntest('two', () => {});" });
  assert.equal(lastLine(output), '2 passed, 0 failed, 0 skipped');
  assert.equal(code, 0);
});

test('test runner – a test fails – shows name, place, message and difference and exits 1', async (t) => {
  const { code, output } = await runTests(t, {
    'a.test.ts': "test('sums', () => {\n  assert.deepEqual({ sum: 3 }, { sum: 4 });\n});",
  });
  assert.equal(lastLine(output), '0 passed, 1 failed, 0 skipped');
  assert.match(output, /Failure 1: sums\n {2}test\/a\.test\.ts:3:1\n/);
  assert.match(output, /\+ {3}sum: 3\n {2}- {3}sum: 4/);
  assert.equal(code, 1);
});

test('test runner – an assertion has a message of its own – shows the value too', async (t) => {
  const { output } = await runTests(t, { 'a.test.ts': "test('x', () => assert.match('abc', /x/, 'no x'));" });
  assert.match(output, /no x\n {2}actual: 'abc'\n/);
});

test('test runner – a subtest fails – counts it once, with the names around it', async (t) => {
  const { output } = await runTests(t, {
    'a.test.ts': "test('outer', (t) => t.test('inner', () => assert.fail('no')));",
  });
  assert.equal(lastLine(output), '0 passed, 1 failed, 0 skipped');
  assert.match(output, /Failure 1: outer › inner\n/);
});

test('test runner – tests are skipped – groups them by reason', async (t) => {
  const { code, output } = await runTests(t, {
    'a.test.ts':
      "test('one', { skip: 'no browser' }, () => {});\ntest('two', { skip: 'no browser' }, () => {});\ntest('three', () => {});",
  });
  assert.equal(lastLine(output), '1 passed, 0 failed, 2 skipped');
  assert.match(output, /Skipped\n {2}no browser\n {4}one\n {4}two\n/);
  assert.equal(code, 0);
});

test('test runner – a file crashes while it loads – fails and shows what it printed', async (t) => {
  const { code, output } = await runTests(t, { 'a.test.ts': "throw new Error('broken at load');" });
  assert.equal(lastLine(output), '0 passed, 1 failed, 0 skipped');
  assert.match(output, /broken at load/);
  assert.equal(code, 1);
});

test('test runner – a file exits in the middle of a test – fails', async (t) => {
  const { code, output } = await runTests(t, { 'a.test.ts': "test('one', () => process.exit(0));" });
  assert.match(lastLine(output) ?? '', /^\d passed, 1 failed, 0 skipped$/);
  assert.equal(code, 1);
});

test('test runner – something fails after its test ended – fails', async (t) => {
  const { code, output } = await runTests(t, {
    'a.test.ts': "test('one', () => {\n  setTimeout(() => Promise.reject(new Error('too late')), 20);\n});",
  });
  assert.equal(lastLine(output), '1 passed, 1 failed, 0 skipped');
  assert.match(output, /too late/);
  assert.equal(code, 1);
});

test('test runner – a test leaves something in the temporary folder – says what, and removes it', async (t) => {
  const { code, output } = await runTests(t, {
    'a.test.ts': [
      "import { mkdtempSync } from 'node:fs';",
      "import { tmpdir } from 'node:os';",
      "test('one', () => console.log(`made: ${mkdtempSync(`${tmpdir()}/forgotten-`)}.`));",
      "test('two', () => assert.fail('so that what it printed is shown'));",
    ].join('\n'),
  });
  const made = /made: (.*)\.\n/.exec(output)?.[1] ?? '';
  assert.match(output, /Left in the temporary folder, and removed\n {2}test\/a\.test\.ts: forgotten-\w{6}\n/);
  assert.equal(existsSync(made), false);
  assert.equal(existsSync(dirname(made)), false);
  assert.equal(code, 1);
});

test('test runner – a file stays alive after its tests – stops it and says so', async (t) => {
  const { code, output } = await runTests(
    t,
    { 'a.test.ts': "test('one', () => {});\nsetInterval(() => {}, 1000);" },
    '--file-timeout=1.5',
  );
  assert.equal(lastLine(output), '1 passed, 1 failed, 0 skipped');
  assert.match(output, /longer than 1.5 s; its tests ended, but something keeps the process alive/);
  assert.equal(code, 1);
});

test('test runner – a test never ends – stops the file and names the test', async (t) => {
  const { output } = await runTests(
    t,
    { 'a.test.ts': "setInterval(() => {}, 1000);\ntest('waits', () => new Promise(() => {}));" },
    '--file-timeout=1.5',
  );
  assert.match(output, /this did not end: waits\n/);
});

test('test runner – a file ignores that it is told to end – ends all the same', async (t) => {
  const folder = await writeTests(t, {
    'a.test.ts': `import { writeFileSync } from 'node:fs';
process.on('SIGTERM', () => {});
writeFileSync(new URL('pid', import.meta.url), String(process.pid));
test('one', () => {});
setInterval(() => {}, 1000);`,
  });
  const { code } = await startRunner(folder, ['--file-timeout=1.5']).ended;
  process.kill(Number(await readFile(join(folder, 'test/pid'), 'utf8')), 'SIGKILL');
  assert.equal(code, 1);
});

test('test runner – a file declares no test – fails', async (t) => {
  const { code, output } = await runTests(t, { 'a.test.ts': '' });
  assert.equal(lastLine(output), '0 passed, 1 failed, 0 skipped');
  assert.match(output, /declares no test/);
  assert.equal(code, 1);
});

test('test runner – there is no test file – says so and exits 1', async (t) => {
  const { code, output } = await runTests(t, {});
  assert.equal(output, '\nNo test ran.\n\n0 passed, 0 failed, 0 skipped\n');
  assert.equal(code, 1);
});

test('test runner – a suite is skipped as a whole – counted once, since its tests are not known', async (t) => {
  const { output } = await runTests(t, {
    'a.test.ts':
      "import { describe } from 'node:test';\ndescribe('a cluster', { skip: 'none is lent' }, () => {\n  test('one', () => {});\n  test('two', () => {});\n});\ntest('three', () => {});",
  });
  assert.equal(lastLine(output), '1 passed, 0 failed, 1 skipped');
  assert.match(output, /none is lent\n {4}a cluster/);
});

test('test runner – every test is skipped – is no success', async (t) => {
  const { code } = await runTests(t, { 'a.test.ts': "test('one', { skip: 'no browser' }, () => {});" });
  assert.equal(code, 1);
});

test('test runner – a pattern is given – runs matching files only', async (t) => {
  const { output } = await runTests(
    t,
    { 'one.test.ts': "test('one', () => {});", 'two.test.ts': "test('two', () => assert.fail());" },
    'one.',
  );
  assert.equal(lastLine(output), '1 passed, 0 failed, 0 skipped');
});

test('test runner – --slowest – lists tests by how long they took', async (t) => {
  const { output } = await runTests(
    t,
    { 'a.test.ts': "test('quick', () => {});\ntest('slow', () => new Promise((done) => setTimeout(done, 50)));" },
    '--slowest',
  );
  assert.match(output, /Slowest\n +\d+ ms {2}slow \(test\/a\.test\.ts\)\n +\d+ ms {2}quick/);
});

test('test runner – interrupted – stops the running files, says so and exits 1', async (t) => {
  const folder = await writeTests(t, {
    'a.test.ts': "setInterval(() => {}, 1000);\ntest('waits', () => new Promise(() => {}));",
  });
  const { child, ended } = startRunner(folder, []);
  await delay(700);
  child.kill('SIGINT');
  const { code, output } = await ended;
  assert.match(output, /Interrupted: not everything ran\./);
  assert.equal(lastLine(output), '0 passed, 1 failed, 0 skipped');
  assert.equal(code, 1);
});
