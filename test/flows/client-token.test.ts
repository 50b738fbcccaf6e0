import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { makeClientHome, type ClientHome } from '../kit/make-client-home.ts';
import { collectResult } from '../kit/run-usher.ts';
import { findSignInUrl, signInAt } from '../kit/sign-in-at.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { startTestIdp, type TestIdp } from '../kit/start-test-idp.ts';
import { until } from '../kit/until.ts';

/** Programs of this machine need a token of their own to call as the operator: it is in the settings of their clients. */
const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';
const env = { USHER_SECRETS_KEY: 'file' };
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

/** The second command of the scenario, and more. */
function words(port: number, ...more: string[]): readonly string[] {
  const login = `--remote-auth --remote-auth-client-id vscode --remote-auth-client-secret vscode-development-secret
    --remote-auth-issuer ${idp.server('mcpserver').issuer} --remote-auth-scopes mcp:tools:call,openid,email`;
  const exchange = `--token-exchange-audience backend --token-exchange-client-id gateway
    --token-exchange-client-secret gateway-development-secret --token-exchange-scopes backend-api:read
    --token-exchange-url ${idp.server('backend').tokenUrl}`;
  const rest = `--ca-file ${idp.idp.caFile} --remote-auth-callback-port ${callbackPort}`;
  const target = `proxy demo --target-uri ${behind.url} --port ${port}`;
  return [...`${target} ${login} ${exchange} ${rest}`.split(/\s+/), ...more];
}

/** Starts it and signs in.
 * @returns the process, which goes on in the terminal
 */
async function proxy({ machine, port }: ClientHome, ...more: string[]) {
  const child = machine.start(words(port, ...more), { env });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said += String(text)));
  await until(() => said.includes('Sign in with a browser at'), 30_000);
  assert.equal((await signInAt(findSignInUrl(said))).status, 200);
  return { child, said: () => said };
}

const tokenOf = (headers: unknown) => (headers as { Authorization?: string }).Authorization?.replace('Bearer ', '');

test('usher proxy --remote-auth – started – clients have the token local callers need; another is refused, and it goes with the entry', async (context) => {
  const home = await makeClientHome(context);
  const { machine, clients, url } = home;
  const usher = await proxy(home);
  await until(() => /in the lists of {2}Visual Studio Code, Codex/.test(usher.said()), 30_000);
  const entry = clients.inVsCode('demo');
  const token = tokenOf(entry?.['headers']);
  assert.deepEqual(entry, { type: 'http', url, headers: { Authorization: `Bearer ${token}` } });
  assert.match(clients.codexText(), new RegExp(`http_headers = \\{ Authorization = "Bearer ${token}" \\}`));

  const seen = behind.seen.length;
  assert.equal((await post(url, token, body)).status, 200);
  assert.match(behind.seen[seen]?.headers.authorization ?? '', /^Bearer ey/);
  for (const other of [`${token?.slice(0, -1)}A`, undefined]) {
    const refused = await post(url, other, body);
    assert.equal(refused.status, 401);
    await refused.text();
  }
  assert.equal(behind.seen.length, seen + 1);

  assert.match(usher.said(), /Codex: Its file has the headers in it now, so only you can read it/);
  assert.doesNotMatch(usher.said(), /codex mcp login/);
  for (const file of [clients.vscode, clients.codex]) assert.equal(statSync(file).mode & 0o777, 0o600);
  const ledger = readFileSync(join(machine.home, 'state/usher/clients.json'), 'utf8');
  assert.ok(token !== undefined && !usher.said().includes(token) && !ledger.includes(token));
  usher.child.kill('SIGTERM');
  await collectResult(usher.child);
  clients.assertAsBefore();
});

test('usher proxy --remote-auth --background – its token made anew – clients get the new one, and the old one is refused', async (context) => {
  const home = await makeClientHome(context);
  const { machine, clients, url } = home;
  const usher = await proxy(home, '--background', '--client', 'vscode');
  assert.equal((await collectResult(usher.child)).code, 0, usher.said());
  const former = tokenOf(clients.inVsCode('demo')?.['headers']);
  assert.equal((await post(url, former, body)).status, 200);

  assert.equal((await machine.usher(['secret', 'rm', 'caller/demo'], { env })).code, 0);
  const restarted = await machine.usher(['restart', 'demo'], { env });
  assert.equal(restarted.code, 0, restarted.stderr);
  const now = tokenOf(clients.inVsCode('demo')?.['headers']);
  assert.notEqual(now, former);
  assert.equal((await post(url, now, body)).status, 200);
  assert.equal((await post(url, former, body)).status, 401);
  assert.equal((await machine.usher(['stop', 'demo'], { env })).code, 0);
  clients.assertAsBefore();
});

test('usher proxy --remote-auth – a client of a project – does not get the token, for others would read it', async (context) => {
  const home = await makeClientHome(context);
  const folder = home.machine.home;
  const usher = await proxy(home, '--client', 'vscode-workspace,vscode', '--resource-url', home.url);
  await until(() => usher.said().includes('not in a list'), 30_000);
  assert.match(
    usher.said(),
    /Visual Studio Code, workspace, .*: everybody who works on the project would get the token that demo asks for\. Name a client of your own with --client/,
  );
  assert.ok(!existsSync(join(folder, '.vscode')));
  usher.child.kill('SIGTERM');
  await collectResult(usher.child);
  home.clients.assertAsBefore();
});

test('usher proxy --remote-auth-open – clients have the address alone', async (context) => {
  const home = await makeClientHome(context);
  const usher = await proxy(home, '--remote-auth-open');
  await until(() => usher.said().includes('in the lists of'), 30_000);
  assert.deepEqual(home.clients.inVsCode('demo'), { type: 'http', url: home.url });
  usher.child.kill('SIGTERM');
  await collectResult(usher.child);
});
