import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { defaultSeed } from '../../src/idp/seed/default-seed.ts';
import { runProgram, startProgram } from '../kit/run-program.ts';
import { testPorts } from '../kit/start-scenario.ts';

const usher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

async function demo(...more: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'usher-demo-'));
  const { gateway, idpHttp, idpHttps, api, mcpServer } = testPorts;
  const ports = [
    '--port',
    gateway,
    '--idp-http-port',
    idpHttp,
    '--idp-https-port',
    idpHttps,
    '--api-port',
    api,
    '--mcp-port',
    mcpServer,
  ].map(String);
  return {
    folder,
    stateDir: join(folder, 'state'),
    command: [process.execPath, usher, 'demo', '--state-dir', join(folder, 'state'), ...ports, ...more],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Programs whose command line mentions the folder: whatever the demo left running. */
function leftBehind(folder: string): string {
  try {
    return execFileSync('pgrep', ['-af', folder], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

function isRunning(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

test('usher demo --once --json – the same user in both tokens, other issuer and audience, all on record', async () => {
  await using one = await demo('--once', '--json');
  const startedAtMs = Date.now();
  const { code, stdout, stderr } = await runProgram(one.command);
  assert.equal(code, 0, stderr);
  const story = JSON.parse(stdout);
  assert.equal(story.caller.aud, 'mcpserver');
  assert.equal(story.seenByApi.aud, 'backend');
  assert.match(story.caller.iss, /^http:.*\/oauth2\/mcpserver$/);
  assert.match(story.seenByApi.iss, /^https:.*\/oauth2\/backend$/);
  assert.deepEqual(story.seenByApi.scp, ['backend-api:read']);
  assert.equal(story.seenByApi.sub, 'alice@example.com');
  assert.equal(story.record.what.tool, 'GetCountry');
  assert.equal(story.record.exchanged.jti, story.seenByApi.jti);
  assert.deepEqual(story.tools, ['GetAllCountries', 'GetCountriesByContinent', 'GetCountry', 'GetEuropeanCountries']);
  assert.equal(story.refused.code, 'audience_mismatch');
  assert.ok(Date.now() - startedAtMs < 60_000);
  assert.equal(leftBehind(one.folder), '');
});

test("usher demo --once – both tokens side by side, the API's line and the audit record, and exit 0", async () => {
  await using one = await demo('--once');
  const { code, stdout, stderr } = await runProgram(one.command);
  assert.equal(code, 0, stderr);
  for (const text of [
    'the client holds',
    'the API was given',
    '"event": "token.validated"',
    '"tool": "GetCountry"',
    'Everything as it should be',
  ]) {
    assert.ok(stdout.includes(text), `${text} is missing in\n${stdout}`);
  }
});

test('usher demo – the command it prints beside the refused call – explains that call', async () => {
  await using one = await demo();
  await using running = startProgram(one.command);
  await running.said('Press Ctrl-C to stop everything');
  const [, id = '', path = ''] = / explain (\S+) \\\n +--audit-file (\S+)\n/.exec(running.output().stdout) ?? [];
  const { code, stdout, stderr } = await runProgram([process.execPath, usher, 'explain', id, '--audit-file', path]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Refused at authenticate, status 401, audience_mismatch$/m);
  running.child.kill('SIGINT');
  assert.equal(await running.exited, 0);
});

test('a second demo on the same state folder – refused, the first one named and untouched', async () => {
  await using one = await demo();
  await using first = startProgram(one.command);
  await first.said('Press Ctrl-C to stop everything');
  const { code, stderr } = await runProgram(one.command);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`another one \\(process ${first.child.pid}\\) uses .*--state-dir`));
  assert.ok((await readdir(one.stateDir)).includes('access-token'));
  first.child.kill('SIGINT');
  assert.equal(await first.exited, 0);
});

test('a demo that was killed – its programs end by themselves, and the next one takes its folder over', async () => {
  await using one = await demo();
  await using killed = startProgram(one.command);
  await killed.said('Press Ctrl-C to stop everything');
  const programs = execFileSync('pgrep', ['-P', String(killed.child.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n');
  assert.equal(programs.length, 3, 'the API, the MCP server, and what ends them after a kill');
  killed.child.kill('SIGKILL');
  await killed.exited;
  const deadlineMs = Date.now() + 10_000;
  while (programs.some(isRunning) && Date.now() < deadlineMs) await sleep(100);
  assert.deepEqual(programs.filter(isRunning), []);
  const { code, stderr } = await runProgram([...one.command, '--once']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    (await readdir(one.stateDir)).filter((name) => ['running', 'access-token'].includes(name)),
    [],
  );
});

test("a back end that does not trust the MCP server's issuer – exit 1 and the provider's refusal by name", async () => {
  await using one = await demo('--once');
  const seed = join(one.folder, 'seed.yaml');
  await writeFile(seed, defaultSeed.replace('trusts: [mcpserver]', 'trusts: []'));
  const { code, stderr } = await runProgram([...one.command, '--seed', seed]);
  assert.equal(code, 1);
  assert.match(stderr, /tools\/list failed: status 401 exchange_subject_refused/);
});

test('every preferred port busy – stepped over', async () => {
  await using one = await demo('--once', '--json');
  const blockers = Object.values(testPorts).map((port) => createServer().listen(port, '127.0.0.1'));
  // A port that another program has is busy as well.
  await Promise.all(blockers.map((blocker) => once(blocker, 'listening').catch(() => {})));
  try {
    const { code, stdout, stderr } = await runProgram(one.command);
    assert.equal(code, 0, stderr);
    assert.notEqual(JSON.parse(stdout).caller.iss, `http://localhost:${testPorts.idpHttp}/oauth2/mcpserver`);
  } finally {
    for (const blocker of blockers) blocker.close();
  }
});

test('Ctrl-C in the middle of the story – exit 0, no process left', async () => {
  await using one = await demo('--once');
  await using program = startProgram(one.command);
  await program.said('MCP server');
  program.child.kill('SIGINT');
  assert.equal(await program.exited, 0, program.output().stderr);
  assert.equal(leftBehind(one.folder), '');
});

test('Ctrl-C – exit 0, no process and no file but the state folder left', async () => {
  await using one = await demo();
  await using program = startProgram(one.command, { cwd: one.folder });
  await program.said('Press Ctrl-C to stop everything');
  const { mode } = await stat(join(one.stateDir, 'access-token'));
  assert.equal(mode & 0o777, 0o600);
  assert.match(program.output().stdout, /"type":"http","url":"http:\/\/localhost:\d+\/mcp"/);
  program.child.kill('SIGINT');
  assert.equal(await program.exited, 0, program.output().stderr);
  assert.equal(leftBehind(one.folder), '');
  assert.deepEqual(await readdir(one.folder), ['state']);
  assert.ok(!(await readdir(one.stateDir)).includes('access-token'));
  const audit = await readFile(join(one.stateDir, 'audit.jsonl'), 'utf8');
  assert.ok(audit.endsWith('\n'));
});
