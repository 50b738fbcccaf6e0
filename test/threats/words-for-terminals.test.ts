import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serializeRecord } from '../../src/audit/jsonl/serialize-record.ts';
import { buildLog } from '../../src/telemetry/build-log.ts';
import { makeFolder } from '../kit/config-input.ts';
import { runProgram } from '../kit/run-program.ts';
import { runUsher } from '../kit/run-usher.ts';
import { npmPackage, serverJson } from '../kit/start-mcp-registry.ts';

/** Clears the screen, sets the clipboard, turns the line around: by both sets of control characters. */
const evil = 'fine\u001b[2J\u001b]52;c;ZXZpbA==\u0007\u009b2J\u009d0;x\u009c\u202e\n  --yes: is given';
// oxlint-disable-next-line no-control-regex -- what must not be there
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

function assertHarmless(text: string): void {
  assert.match(text, /fine/);
  assert.doesNotMatch(text, obeyed);
}

/** A registry whose one entry says that wherever it can. */
function writeRegistry(folder: string): string {
  const variable = { name: 'API_KEY', isRequired: true, description: evil };
  const server = serverJson({
    title: evil,
    description: evil,
    version: `1.0.0${evil}`,
    packages: [npmPackage({ environmentVariables: [variable] })],
  });
  const file = join(folder, 'registry.json');
  writeFileSync(file, JSON.stringify({ servers: [{ server }] }));
  return file;
}

test('a description of what an entry lacks – neither moves the cursor nor makes a line of its own', async (context) => {
  const file = writeRegistry(makeFolder(context));
  const words = ['run', '--foreground', '--anonymous', '--registry', file, 'io.github.acme/weather'];
  const { code, stderr } = await runUsher(context, words);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /lacks API_KEY, which io\.github\.acme\/weather needs: fine/);
  assertHarmless(stderr);
  assert.ok(!stderr.split('\n').some((line) => line.startsWith('  --yes')));
});

test('what is asked before an entry is run – neither, wherever it is quoted', async (context) => {
  const file = writeRegistry(makeFolder(context));
  const words = [
    'run',
    '--foreground',
    '--anonymous',
    '--registry',
    file,
    '--env',
    'API_KEY=x',
    'io.github.acme/weather',
  ];
  const { code, stderr } = await runUsher(context, words);
  assert.notEqual(code, 0);
  assertHarmless(stderr);
});

for (const words of [['list'], ['info', 'io.github.acme/weather']]) {
  test(`usher registry ${words.join(' ')} --json – the same values, and nothing that a terminal obeys`, async (context) => {
    const file = writeRegistry(makeFolder(context));
    const { stdout } = await runUsher(context, ['registry', ...words, '--json', '--registry', file]);
    assertHarmless(stdout);
    assert.ok(JSON.stringify(JSON.parse(stdout)).includes(JSON.stringify(evil).slice(1, -1)));
  });
}

test('a line of the audit trail – the same values, and nothing that a terminal obeys', () => {
  const record = {
    v: 1,
    time: '2026-01-01T00:00:00.000Z',
    id: 'one',
    who: Object.freeze({ sub: evil }),
    what: { http: `POST /mcp`, tool: evil },
    decision: 'refused',
    reason: evil,
    details: { found: evil },
    status: 401,
    ms: { total: 1 },
  } as const;
  const line = serializeRecord(record);
  assertHarmless(line);
  assert.ok(!line.includes('\n'));
  assert.deepEqual(JSON.parse(line), record);
});

test('a line of the log in JSON – the same values, and nothing that a terminal obeys', () => {
  const lines: string[] = [];
  buildLog({ level: 'info', format: 'json' }, (line) => lines.push(line)).info(`A ${evil}`, { sub: evil });
  const [line = ''] = lines;
  assertHarmless(line);
  assert.equal((JSON.parse(line) as Record<string, unknown>)['sub'], evil);
});

test('a line of the log in JSON on stderr, of a gateway – nothing that a terminal obeys', async (context) => {
  const folder = makeFolder(context);
  const source = `
    import { buildLog } from ${JSON.stringify(new URL('../../src/telemetry/build-log.ts', import.meta.url).href)};
    buildLog({ level: 'info', format: 'json' }).info('fine ' + ${JSON.stringify(evil)});`;
  const file = join(folder, 'log.ts');
  writeFileSync(file, source);
  const { stderr } = await runProgram([process.execPath, file], {});
  assertHarmless(stderr);
});
