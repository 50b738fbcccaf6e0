import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { startTestIdp } from '../kit/start-test-idp.ts';

const idp = await startTestIdp();
const upstream = await startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }));
const { issuer } = idp.server('mcpserver');
const gateway = await startTestGateway({
  apollo: {
    authenticate: [
      {
        strategy: 'introspection',
        issuer,
        audience: ['mcpserver'],
        clientId: 'vscode',
        clientSecret: new Secret('vscode-development-secret'),
        cacheSeconds: 0,
      },
    ],
    policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
    upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
  },
});
after(async () => {
  for (const one of [gateway, upstream, idp]) await one[Symbol.asyncDispose]();
});

async function call(callerToken: string): Promise<{ status: number; code: string | undefined }> {
  const response = await post(gateway.mcpUrl, callerToken);
  const body = JSON.parse(await response.text()) as { error?: { data?: { code?: string } } };
  return { status: response.status, code: body.error?.data?.code };
}

describe('a provider that is asked about each call, and its users', () => {
  test('a user who signs in – may call; once the token is revoked, the next call is refused', async () => {
    const { body } = await idp.signIn('mcpserver');
    const callerToken = String(body['access_token']);
    assert.deepEqual(await call(callerToken), { status: 200, code: undefined });
    const [record] = await gateway.records();
    assert.equal(record?.who.sub, 'alice@example.com');
    assert.equal(record?.who.client, 'demo');

    const revoked = await idp.post(`${issuer}/v1/revoke`, { client_id: 'demo', token: callerToken });
    assert.equal(revoked.status, 200);
    assert.deepEqual(await call(callerToken), { status: 401, code: 'token_inactive' });
  });

  test('a refresh token, active as it is – does not pass for an access token', async () => {
    const options = { clientId: 'vscode', clientSecret: 'vscode-development-secret' };
    const scope = 'offline_access mcp:tools:call';
    const { body } = await idp.signIn('mcpserver', { ...options, scope, redirectUri: 'http://127.0.0.1:33418' });
    const refreshToken = String(body['refresh_token']);
    const answer = await idp.post(
      `${issuer}/v1/introspect`,
      { token: refreshToken },
      'vscode:vscode-development-secret',
    );
    assert.equal(answer.body['active'], true);
    assert.deepEqual(await call(refreshToken), { status: 401, code: 'token_type_refused' });
    assert.equal(upstream.seen.length, 1);
  });
});
