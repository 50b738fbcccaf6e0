import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { freePort } from '../kit/free-port.ts';
import { runProgram, startProgram } from '../kit/run-program.ts';
import { findSignInUrl, signInAt } from '../kit/sign-in-at.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { claimsOf, startTestIdp, type TestIdp } from '../kit/start-test-idp.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry","arguments":{"code":"CZ"}}}';
let idp: TestIdp;
let behind: TestServer;
let callbackPort: number;

before(async () => {
  callbackPort = await freePort();
  idp = await startTestIdp((seed) => {
    const vscode = seed.apps.find(({ clientId }) => clientId === 'vscode');
    Object.assign(vscode ?? {}, { redirectUris: [`http://localhost:${callbackPort}/callback`] });
  });
  behind = await startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }));
});
after(async () => {
  await idp[Symbol.asyncDispose]();
  await behind[Symbol.asyncDispose]();
});

/** The second command of the scenario, with its flags as they are spelled there. */
function command(home: string, ...more: string[]) {
  const server = (id: string) => idp.server(id);
  const env = { HOME: home, USHER_SECRETS_KEY: 'file', USHER_AUDIT_FILE: join(home, 'audit.jsonl') };
  const login = `--remote-auth --remote-auth-client-id vscode --remote-auth-client-secret vscode-development-secret
    --remote-auth-issuer ${server('mcpserver').issuer} --remote-auth-scopes mcp:tools:call,openid,email`;
  const exchange = `--token-exchange-audience backend --token-exchange-client-id gateway
    --token-exchange-client-secret gateway-development-secret --token-exchange-scopes backend-api:read
    --token-exchange-url ${server('backend').tokenUrl}`;
  const rest = `--ca-file ${idp.idp.caFile} --remote-auth-callback-port ${callbackPort}`;
  const target = `proxy demo-mcp-server --target-uri ${behind.url} --port 0`;
  const words = [...`${target} ${login} ${exchange} ${rest}`.split(/\s+/), ...more];
  return { program: [process.execPath, launcher, ...words], env };
}

function start(context: TestContext, home = makeFolder(context), ...more: string[]) {
  const { program, env } = command(home, ...more);
  const started = startProgram(program, { env });
  context.after(() => started[Symbol.asyncDispose]());
  return Object.assign(started, { home, env });
}

/** Where it listens, and the token local callers need. */
async function readyAt(usher: ReturnType<typeof start>) {
  await usher.said(/demo-mcp-server +http/, 60_000);
  const url = /(http:\/\/(?:localhost|127\.0\.0\.1):\d+\/mcp)/.exec(usher.output().stderr)?.[1] ?? '';
  const got = await runProgram([process.execPath, launcher, 'secret', 'get', 'caller/demo-mcp-server'], {
    env: usher.env,
  });
  return { url, callerToken: got.stdout.trim() };
}

async function recordsOf(home: string): Promise<readonly AuditRecord[]> {
  await new Promise((resolve) => setTimeout(resolve, 60));
  const lines = readFileSync(join(home, 'audit.jsonl'), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): AuditRecord => JSON.parse(line));
}

describe('usher proxy --remote-auth', () => {
  test('the operator signs in – calls with the local token go on with the API’s token for them, and the audit says so', async (context) => {
    const usher = start(context);
    await usher.said('Sign in with a browser at', 60_000);
    const page = await signInAt(findSignInUrl(usher.output().stderr));
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<h1>You are signed in<\/h1>[\s\S]*alice@example\.com/);
    const { url, callerToken } = await readyAt(usher);
    const seen = behind.seen.length;

    const answer = await post(url, callerToken, call);
    assert.equal(answer.status, 200, await answer.text());
    const sent = behind.seen[seen]?.headers.authorization?.replace('Bearer ', '');
    const { sub, aud, iss } = claimsOf(sent);
    assert.deepEqual([sub, aud, iss], ['alice@example.com', 'backend', idp.server('backend').issuer]);

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
    await first.said('Sign in with a browser at', 60_000);
    await signInAt(findSignInUrl(first.output().stderr));
    const { callerToken } = await readyAt(first);
    first.child.kill('SIGTERM');
    await first.exited;
    const second = start(context, first.home);
    const { url, callerToken: again } = await readyAt(second);
    assert.ok(!second.output().stderr.includes('Sign in'));
    assert.equal(again, callerToken, 'clients keep what they have');
    assert.equal((await post(url, callerToken, call)).status, 200);
  });
});
