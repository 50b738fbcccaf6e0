import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import { post } from '../kit/call.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { startTestGateway, type TestGateway } from '../kit/start-test-gateway.ts';

const { url, skip } = findRealProvider('TEST_SPRING');
const issuer = `${url}/as/mcpserver`;
const client = { clientId: 'mcp-client', clientSecret: 'client-secret' };

let upstream: TestServer;
let gateway: TestGateway;
before(async () => {
  if (skip !== false) return;
  upstream = await startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }));
  const entry = (clientSecret: string) => ({
    authenticate: [
      {
        strategy: 'introspection' as const,
        issuer,
        url: `${issuer}/oauth2/introspect`,
        audience: ['mcpserver'],
        clientId: 'gateway',
        clientSecret: new Secret(clientSecret),
        cacheSeconds: 0,
      },
    ],
    upstream: { strategy: 'http' as const, url: `${upstream.url}/mcp` },
  });
  gateway = await startTestGateway({
    good: entry('gateway-secret'),
    wrong: { ...entry('not-the-secret'), path: '/wrong/mcp' },
  });
});
after(async () => {
  for (const one of [gateway, upstream]) await one?.[Symbol.asyncDispose]();
});

const signIn = () =>
  signInUser({
    mcpUrl: gateway.servers[0]?.resourceUrl ?? '',
    ...client,
    redirectUri: 'http://127.0.0.1:33418/',
    username: 'alice',
    password: 'alice-password',
  });

async function call(server: number, callerToken: string): Promise<{ status: number; code: string | undefined }> {
  const response = await post(gateway.servers[server]?.url ?? '', callerToken);
  const body = JSON.parse(await response.text()) as { error?: { data?: { code?: string } } };
  return { status: response.status, code: body.error?.data?.code };
}

test('Spring Authorization Server, asked about each call – takes a token until it is revoked', { skip }, async () => {
  const { callerToken } = await signIn();
  assert.deepEqual(await call(0, callerToken), { status: 200, code: undefined });
  const record = (await gateway.records()).at(-1);
  assert.equal(record?.who.sub, 'alice');
  assert.equal(record?.who.client, client.clientId);
  const form = { token: callerToken, client_id: client.clientId, client_secret: client.clientSecret };
  const revoked = await fetch(`${issuer}/oauth2/revoke`, { method: 'POST', body: new URLSearchParams(form) });
  assert.equal(revoked.status, 200);
  assert.deepEqual(await call(0, callerToken), { status: 401, code: 'token_inactive' });
});

test(
  'Spring Authorization Server, asked with a wrong secret – the operator’s fault, not the caller’s',
  { skip },
  async () => {
    const { callerToken } = await signIn();
    assert.deepEqual(await call(1, callerToken), { status: 502, code: 'introspection_misconfigured' });
    assert.match((await gateway.records()).at(-1)?.hint ?? '', /401 invalid_client/);
  },
);
