import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { claimsOf } from '../kit/start-test-idp.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { errorOf, FacadeVisitor, tokensOf } from '../shield/facade-visitor.ts';
import { startShieldLab } from '../shield/start-shield-lab.ts';

test('the façade – is the authorization server of the metadata, and found in each form clients look for', async () => {
  await using lab = await startShieldLab({ facade: true });
  const { base, ...visitor } = asVisitor(lab);
  const { origin } = new URL(base);
  const prm = await visitor.json(`${origin}/.well-known/oauth-protected-resource/mcp`);
  assert.deepEqual(prm['authorization_servers'], [base]);
  for (const path of [
    '/.well-known/oauth-authorization-server/oauth/countries',
    '/oauth/countries/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration/oauth/countries',
    '/oauth/countries/.well-known/openid-configuration',
  ]) {
    const metadata = await visitor.json(origin + path);
    assert.equal(metadata['issuer'], base);
    assert.equal(metadata['registration_endpoint'], `${base}/register`);
    assert.deepEqual(metadata['code_challenge_methods_supported'], ['S256']);
    assert.deepEqual(metadata['scopes_supported'], ['mcp:tools:call', 'mcp:tools:admin', 'offline_access']);
  }
});

test("a sign-in by the façade – gives the provider's own token of the user, which the gateway exchanges as ever", async () => {
  await using lab = await startShieldLab({ facade: true });
  const visitor = new FacadeVisitor(lab);
  const { access_token: token = '' } = await visitor.tokens(await visitor.registered());
  const { iss, sub, cid } = claimsOf(token);
  assert.deepEqual([iss, sub, cid], [lab.idp.server('mcpserver').issuer, 'alice@example.com', 'facade']);
  assert.equal((await post(lab.gateway.mcpUrl, token)).status, 200);
  assert.equal(claimsOf(lab.upstream.seen[0]?.headers.authorization?.slice(7))['aud'], 'backend');
});

test('a second replica with the same key, and one that started anew – know clients, sign-ins under way and refresh tokens', async () => {
  await using lab = await startShieldLab({ facade: true });
  const visitor = new FacadeVisitor(lab);
  const { origin } = new URL(visitor.base);
  await using other = await startTestGateway(
    {
      countries: {
        authenticate: [{ strategy: 'jwt', issuer: lab.idp.server('mcpserver').issuer, audience: ['mcpserver'] }],
        policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
        credential: { strategy: 'none' },
        upstream: { strategy: 'http', url: lab.upstream.url },
        resourceUrl: `${origin}/mcp`,
        facade: {
          clientId: 'facade',
          clientSecret: new Secret('facade-development-secret'),
          key: new Secret('a key of the tests, long enough for it'),
          scopes: ['offline_access'],
        },
      },
    },
    { config: { caFile: lab.idp.idp.caFile } },
  );
  const there = (url: string) => url.replace(origin, other.url.replace('127.0.0.1', 'localhost'));
  const client = await visitor.registered();
  // Cookies do not know ports: the browser brings them to either.
  const page = await visitor.open(there(visitor.authorizeUrl(client)));
  assert.equal(page.status, 200);
  const callback = await visitor.toCallback(client);
  const back = await visitor.open(there(callback));
  const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const { refresh_token: refresh = '' } = tokensOf(await visitor.redeem(client, code));
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: client.id, refresh_token: refresh });
  const refreshed = await fetch(there(`${visitor.base}/token`), { method: 'POST', body: form });
  assert.equal(refreshed.status, 200);
});

test('a provider that fails, or refuses the gateway itself – an error the client does not take for its own, and it may come again', async () => {
  let answer = { status: 503, body: {} as Record<string, unknown>, headers: {} as Record<string, string> };
  await using provider = await startHttpServer(({ url }, response) => {
    const issuer = `http://127.0.0.1:${provider.port}`;
    if (url.startsWith('/.well-known')) {
      const [authorization_endpoint, token_endpoint] = [`${issuer}/authorize`, `${issuer}/token`];
      return sendJson(response, 200, { issuer, authorization_endpoint, token_endpoint, jwks_uri: `${issuer}/keys` });
    }
    return sendJson(response, answer.status, answer.body, answer.headers);
  });
  await using lab = await startShieldLab({
    facade: true,
    server: (usual) => ({
      ...usual,
      authenticate: [{ strategy: 'jwt', issuer: provider.url, audience: ['mcpserver'] }],
    }),
  });
  const visitor = new FacadeVisitor(lab);
  const client = await visitor.registered();
  const onward = await visitor.answer(await visitor.open(visitor.authorizeUrl(client)), 'allow');
  const state = new URL(/url=([^"]+)"/.exec(onward.text)?.[1]?.replaceAll('&amp;', '&') ?? '').searchParams.get(
    'state',
  );
  const back = await visitor.open(`${visitor.base}/callback?state=${state}&code=of-the-provider`);
  const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
  answer = {
    status: 200,
    body: { access_token: 'a', token_type: 'Bearer', refresh_token: 'refresh-token-of-the-provider' },
    headers: {},
  };
  const { refresh_token: refresh = '' } = tokensOf(await visitor.redeem(client, code));

  answer = { status: 503, body: {}, headers: { 'retry-after': '7' } };
  const down = await visitor.refresh(client, refresh);
  assert.deepEqual(
    [down.status, errorOf(down), down.headers.get('retry-after')],
    [503, 'temporarily_unavailable', '7'],
  );
  answer = { status: 401, body: { error: 'invalid_client', error_description: 'wrong secret' }, headers: {} };
  const wrong = await visitor.refresh(client, refresh);
  assert.deepEqual([wrong.status, errorOf(wrong)], [502, 'server_error']);
  assert.doesNotMatch(wrong.text, /wrong secret/);
  assert.match(lab.gateway.logged.join('\n'), /wrong secret/);
  answer = { status: 200, body: { access_token: 'b', token_type: 'DPoP' }, headers: {} };
  assert.equal(errorOf(await visitor.refresh(client, refresh)), 'server_error');
  answer = { status: 200, body: { access_token: 'b', token_type: 'bearer' }, headers: {} };
  assert.equal((await visitor.refresh(client, refresh)).status, 200);
  answer = { status: 400, body: { error: 'invalid_grant' }, headers: {} };
  const gone = await visitor.refresh(client, refresh);
  assert.deepEqual([gone.status, errorOf(gone)], [400, 'invalid_grant']);
});

test('without a resource indicator – the provider gets none, where it refuses one', async () => {
  for (const dropResource of [false, true]) {
    await using lab = await startShieldLab({ facade: { dropResource } });
    const visitor = new FacadeVisitor(lab);
    const onward = await visitor.answer(await visitor.open(visitor.authorizeUrl(await visitor.registered())), 'allow');
    assert.equal(onward.text.includes('resource='), !dropResource);
  }
});

function asVisitor(lab: Awaited<ReturnType<typeof startShieldLab>>) {
  const { base } = new FacadeVisitor(lab);
  const json = async (url: string) => (await (await fetch(url)).json()) as Record<string, unknown>;
  return { base, json };
}
