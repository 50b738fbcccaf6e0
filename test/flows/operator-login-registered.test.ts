import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsherError } from '../../src/model/usher-error.ts';
import { post } from '../kit/call.ts';
import { findSignInUrl } from '../kit/sign-in-at.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { type LoginIssuer, type LoginLab, startLoginIssuer, startLoginLab } from '../kit/start-login-lab.ts';
import { until } from '../kit/until.ts';

const lifeSeconds = 300;

/** An issuer that registers clients, each with a secret, and takes nobody else. */
async function startRegistering(): Promise<LoginIssuer & { readonly clients: Map<string, string> }> {
  const issuer = await startLoginIssuer(lifeSeconds);
  issuer.metadata = { registration_endpoint: `${issuer.issuer}/register` };
  const clients = new Map<string, string>();
  let count = 0;
  const usual = issuer.tokens.onOther;
  issuer.tokens.onOther = (request, response) => {
    if (!request.url.endsWith('/register')) return usual(request, response);
    count += 1;
    const [clientId, secret] = [`registered-${count}`, `secret-${count}`];
    clients.set(clientId, secret);
    const { redirect_uris } = JSON.parse(request.body) as { redirect_uris: string[] };
    const more = { redirect_uris, token_endpoint_auth_method: 'client_secret_post', client_secret_expires_at: 0 };
    sendJson(response, 201, { client_id: clientId, client_secret: secret, ...more });
    return true;
  };
  const token = issuer.tokens.onToken;
  issuer.tokens.onToken = (request, response) => {
    const form = new URLSearchParams(request.body);
    const id = form.get('client_id') ?? '';
    if (clients.get(id) === form.get('client_secret') && clients.has(id)) return token(request, response);
    const body = { error: 'invalid_client', error_description: 'Nobody of that name.' };
    response.writeHead(401, { 'www-authenticate': 'Basic realm="tokens"', 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  return Object.assign(issuer, { clients });
}

const ownClient = {
  remoteAuth: { clientId: undefined },
  server: { credential: { strategy: 'none' as const } },
};

async function call({ gateway, callerToken }: LoginLab): Promise<{ status: number; text: string }> {
  const answer = await post(gateway.mcpUrl, callerToken);
  return { status: answer.status, text: await answer.text() };
}

describe('a client that Usher registered', () => {
  test('a free port for the browser – refreshes as that client, with its secret', async () => {
    await using issuer = await startRegistering();
    await using lab = await startLoginLab({ issuer, ...ownClient });
    lab.aheadMs = lifeSeconds * 1000;
    assert.equal((await call(lab)).status, 200);
    assert.deepEqual(issuer.grants(), ['authorization_code', 'refresh_token']);
  });

  test('a free port for the browser – one registration is kept, however often somebody signs in', async () => {
    await using issuer = await startRegistering();
    await using lab = await startLoginLab({ issuer, ...ownClient });
    issuer.refreshTokens.clear();
    lab.aheadMs = lifeSeconds * 1000;
    await call(lab);
    await until(() => lab.told.length > 1);
    await fetch(findSignInUrl(lab.told[1] ?? ''));
    await until(async () => (await call(lab)).status === 200);
    assert.equal(lab.secrets.list().filter(({ name }) => name.startsWith('client/')).length, 1);
  });

  test('the provider has forgotten it – the operator is asked, as another client', async () => {
    await using issuer = await startRegistering();
    await using lab = await startLoginLab({ issuer, ...ownClient });
    issuer.clients.clear();
    lab.aheadMs = lifeSeconds * 1000;
    const refused = await call(lab);
    assert.equal(refused.status, 503);
    assert.match(refused.text, /operator_login_needed/);
    await until(() => lab.told.length > 1);
    const url = findSignInUrl(lab.told[1] ?? '');
    assert.equal(new URL(url).searchParams.get('client_id'), 'registered-2');
    assert.equal((await fetch(url)).status, 200);
    await until(async () => (await call(lab)).status === 200);
  });

  test('nobody comes back – says how to have another registered', async () => {
    await using issuer = await startRegistering();
    const remoteAuth = { ...ownClient.remoteAuth, timeoutSeconds: 0.2 };
    await assert.rejects(startLoginLab({ issuer, ...ownClient, remoteAuth, visit: async () => {} }), (error) => {
      assert.ok(error instanceof UsherError && error.code === 'login_failed');
      assert.match(error.hint, /usher secret rm client\/127\.0\.0\.1\.[\w-]+ lets Usher register another/);
      return true;
    });
  });
});

test('a client that is given and refused, by status and challenge – says what the body says', async () => {
  await using issuer = await startRegistering();
  await assert.rejects(startLoginLab({ issuer }), (error) => {
    assert.ok(error instanceof UsherError && error.code === 'login_failed');
    assert.match(error.message, /the provider answered invalid_client: Nobody of that name/);
    assert.match(error.hint, /--remote-auth-client-id and its secret/);
    return true;
  });
});
