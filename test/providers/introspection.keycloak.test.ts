import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import { post } from '../kit/call.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { startTestGateway, type TestGateway } from '../kit/start-test-gateway.ts';
import { alice, bob, createRealm, names, type KeycloakRealm } from './keycloak-realm.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');

let realm: KeycloakRealm;
let upstream: TestServer;
let gateway: TestGateway;
before(async () => {
  if (skip !== false) return;
  realm = await createRealm(url);
  const { callers, exchange } = await realm.setUp();
  upstream = await startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }));
  const entry = {
    strategy: 'introspection' as const,
    issuer: callers.issuer,
    url: `${callers.issuer}/protocol/openid-connect/token/introspect`,
    audience: [...callers.audience],
    clientId: exchange.clientId,
    clientSecret: exchange.clientSecret,
    cacheSeconds: 0,
  };
  gateway = await startTestGateway({
    keycloak: {
      authenticate: [entry],
      // The scope brings the audience, without which Keycloak tells this client nothing of a token.
      policy: { strategy: 'scopes', required: [...callers.scopes] },
      upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
    },
  });
});
after(async () => {
  for (const one of [gateway, upstream]) await one?.[Symbol.asyncDispose]();
});

async function signIn(user: typeof alice): Promise<string> {
  const { callerToken } = await signInUser({
    mcpUrl: gateway.servers[0]?.resourceUrl ?? '',
    clientId: names.mcpClient,
    redirectUri: 'http://127.0.0.1:33418/',
    ...user,
  });
  return callerToken;
}

async function call(callerToken: string): Promise<{ status: number; code: string | undefined }> {
  const response = await post(gateway.mcpUrl, callerToken);
  const body = JSON.parse(await response.text()) as { error?: { data?: { code?: string } } };
  return { status: response.status, code: body.error?.data?.code };
}

const taken = { status: 200, code: undefined };
const inactive = { status: 401, code: 'token_inactive' };

test('Keycloak, asked about each call – takes a token until its session ends', { skip }, async () => {
  const callerToken = await signIn(alice);
  assert.deepEqual(await call(callerToken), taken);
  const record = (await gateway.records()).at(-1);
  assert.equal(record?.who.sub, decodeJwt(callerToken).sub);
  assert.equal(record?.who.client, names.mcpClient);
  await realm.admin('DELETE', `/sessions/${String(decodeJwt(callerToken)['sid'])}`);
  assert.deepEqual(await call(callerToken), inactive);
});

test('Keycloak, asked about each call – takes a token until its user is disabled', { skip }, async () => {
  const callerToken = await signIn(bob);
  assert.deepEqual(await call(callerToken), taken);
  await realm.admin('PUT', `/users/${decodeJwt(callerToken).sub}`, { enabled: false });
  assert.deepEqual(await call(callerToken), inactive);
});
