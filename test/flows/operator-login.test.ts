import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { post } from '../kit/call.ts';
import {
  startLoginProgram,
  useScenarioLogin,
  type LoginProgram,
  type LoginProgramOptions,
} from '../kit/login-program.ts';
import { runProgram } from '../kit/run-program.ts';
import { signInAt } from '../kit/sign-in-at.ts';
import { claimsOf } from '../kit/start-test-idp.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry","arguments":{"code":"CZ"}}}';
const used = useScenarioLogin();

/** The second command of the scenario. */
const start = (context: TestContext, more: Partial<LoginProgramOptions> = {}) =>
  startLoginProgram(context, { target: used.behind.url, flags: used.flags(), ...more });

/** Where it listens, and the token local callers need, as people get it. */
async function readyAt(usher: LoginProgram) {
  const { url } = await usher.ready();
  const words = [process.execPath, launcher, 'secret', 'get', 'caller/demo-mcp-server'];
  return { url, callerToken: (await runProgram(words, { env: usher.env })).stdout.trim() };
}

async function recordsOf(home: string): Promise<readonly AuditRecord[]> {
  await new Promise((resolve) => setTimeout(resolve, 60));
  const lines = readFileSync(join(home, 'audit.jsonl'), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): AuditRecord => JSON.parse(line));
}

describe('usher proxy --remote-auth', () => {
  test('the operator signs in – calls with the local token go on with the API’s token for them, and the audit says so', async (context) => {
    const usher = start(context);
    const page = await signInAt(await usher.signInUrl());
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<h1>You are signed in<\/h1>[\s\S]*alice@example\.com/);
    const { url, callerToken } = await readyAt(usher);
    const seen = used.behind.seen.length;

    const answer = await post(url, callerToken, call);
    assert.equal(answer.status, 200, await answer.text());
    const sent = used.behind.seen[seen]?.headers.authorization?.replace('Bearer ', '');
    const { sub, aud, iss } = claimsOf(sent);
    assert.deepEqual([sub, aud, iss], ['alice@example.com', 'backend', used.idp.server('backend').issuer]);

    const [record] = await recordsOf(usher.home);
    assert.equal(record?.who.sub, 'local');
    assert.equal(record?.exchanged?.as, 'operator');
    assert.deepEqual(record?.exchanged?.operator?.name, 'alice@example.com');
    assert.equal(record?.exchanged?.aud, 'backend');
    const everything =
      usher.output().stderr + usher.output().stdout + readFileSync(join(usher.home, 'audit.jsonl'), 'utf8');
    assert.doesNotMatch(everything, /The exchanged token is for subject/);
    for (const secret of [callerToken, sent ?? '', 'vscode-development-secret', 'gateway-development-secret'])
      assert.ok(!everything.includes(secret));
  });

  test('a restart – nobody has to sign in again', async (context) => {
    const first = start(context);
    await signInAt(await first.signInUrl());
    const { callerToken } = await readyAt(first);
    first.child.kill('SIGTERM');
    await first.exited;
    const second = start(context, { home: first.home });
    const { url, callerToken: again } = await readyAt(second);
    assert.ok(!second.output().stderr.includes('Sign in'));
    assert.equal(again, callerToken, 'clients keep what they have');
    assert.equal((await post(url, callerToken, call)).status, 200);
  });
});
