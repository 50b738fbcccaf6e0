import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { knownRefusalOf } from '../../../../test/kit/known-refusal-of.ts';
import {
  claimsOf,
  startTestIdp,
  type AuthorizeRequest,
  type IdpAnswer,
  type SeedData,
  type TestIdp,
} from '../../../../test/kit/start-test-idp.ts';

const firstApi = 'http://localhost:8000/mcp';
const redirectUri = 'http://127.0.0.1:33418/';

const open = (changes: Record<string, unknown> = {}) => {
  return (seed: SeedData) => {
    Object.assign(seed, { registration: 'strict', domainConnection: true, ...changes });
    const server = seed.servers.find(({ id }) => id === 'mcpserver');
    const scopes = [{ name: 'mcp:tools:call' }, { name: 'mcp:admin' }];
    Object.assign(server ?? {}, { scopes, thirdPartyScopes: ['mcp:tools:call'] });
  };
};

async function register(idp: TestIdp, changes: Record<string, unknown> = {}): Promise<IdpAnswer> {
  const { body } = await idp.send(`${idp.idp.httpUrl}/.well-known/openid-configuration`);
  return await idp.send(String(body['registration_endpoint']), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'An editor',
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      ...changes,
    }),
  });
}

test('registration – as a tenant is at first – refused, although the metadata name the endpoint', async () => {
  await using idp = await startTestIdp(() => undefined, { flavour: 'auth0' });
  const answer = await register(idp);
  assert.deepEqual(
    [answer.status, answer.body],
    [400, { statusCode: 400, error: 'Bad Request', message: 'dynamic client registration is disabled' }],
  );
  assert.equal(knownRefusalOf('auth0', answer), 'auth0-registration-off');
});

describe('usher idp --flavour auth0, clients that register themselves', () => {
  let idp: TestIdp;
  let clientId: string;
  before(async () => {
    idp = await startTestIdp(open(), { flavour: 'auth0' });
    clientId = String((await register(idp)).body['client_id']);
  });
  after(async () => await idp[Symbol.asyncDispose]());

  const ask = async (request: AuthorizeRequest = {}, by = idp): Promise<IdpAnswer> =>
    await by.signIn('mcpserver', {
      clientId,
      redirectUri,
      scope: 'openid offline_access mcp:tools:call mcp:admin',
      ...request,
      params: { resource: firstApi, ...request.params },
    });

  test('a public client – gets an id of a third-party application, no secret, and the grants such may have', async () => {
    const { status, body } = await register(idp);
    assert.equal(status, 200);
    assert.match(String(body['client_id']), /^tpc_/);
    const { client_id: _, ...rest } = body;
    assert.deepEqual(rest, {
      client_name: 'An editor',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    });
  });

  test('one that says nothing of how it authenticates – gets a secret that never ends', async () => {
    const { body } = await register(idp, { token_endpoint_auth_method: undefined, grant_types: undefined });
    assert.equal(typeof body['client_secret'], 'string');
    assert.deepEqual(
      [body['client_secret_expires_at'], body['token_endpoint_auth_method'], body['grant_types']],
      [0, 'client_secret_post', ['authorization_code']],
    );
  });

  test('its sign-in – what the default permissions leave of what it asks for, a refresh token, and no ID token', async () => {
    const { body, text } = await ask();
    const claims = claimsOf(body['access_token']);
    assert.deepEqual(
      [claims['aud'], claims['azp'], claims['scope']],
      [firstApi, clientId, 'offline_access mcp:tools:call'],
      text,
    );
    assert.equal(Number(claims['exp']) - Number(claims['iat']), 3600);
    assert.deepEqual([typeof body['refresh_token'], body['id_token']], ['string', undefined]);
  });

  const pages: readonly (readonly [what: string, words: RegExp, request: AuthorizeRequest])[] = [
    ['no PKCE', /code_challenge/, { params: { code_challenge: undefined, code_challenge_method: undefined } }],
    ['a parameter of Auth0’s own', /screen_hint/, { params: { screen_hint: 'signup' } }],
    ['no API', /is not authorized to access resource server .*userinfo/, { params: { resource: undefined } }],
    [
      'an API without default permissions',
      /Client &quot;tpc_[^&]+&quot; is not authorized to access resource server &quot;https:\/\/countries/,
      { params: { resource: 'https://countries.example.com' } },
    ],
  ];
  for (const [what, words, { params = {} }] of pages) {
    test(`its sign-in – ${what} – a page says so, and nobody is sent back`, async () => {
      const url = new URL(idp.server('mcpserver').authorizeUrl);
      const all = {
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        resource: firstApi,
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
        ...params,
      };
      for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
      const { status, text, headers } = await idp.send(url);
      assert.deepEqual([status, headers.get('location')], [400, null]);
      assert.match(text, /Oops!, something went wrong/);
      assert.match(text, words);
    });
  }

  test('its redirect URI – with another port – refused: exact URLs only', async () => {
    const url = new URL(idp.server('mcpserver').authorizeUrl);
    url.searchParams.set('client_id', clientId);
    url.searchParams.set('redirect_uri', 'http://127.0.0.1:33419/');
    assert.equal((await idp.send(url)).status, 400);
  });

  test('the connection is not promoted to domain level – nobody can sign in', async () => {
    await using other = await startTestIdp(open({ domainConnection: false }), { flavour: 'auth0' });
    const { client_id: id } = (await register(other)).body;
    const url = new URL(other.server('mcpserver').authorizeUrl);
    const all = { client_id: id, redirect_uri: redirectUri, response_type: 'code', resource: firstApi };
    const pkce = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
    for (const [name, value] of Object.entries({ ...all, ...pkce })) url.searchParams.set(name, String(value));
    assert.match((await other.send(url)).text, /invalid_request: no connections enabled for the client/);
  });

  test('permissive mode – an ordinary client id, OpenID scopes and an ID token', async () => {
    const everybody = (seed: SeedData) => {
      open({ registration: 'permissive' })(seed);
      for (const policy of seed.servers[0]?.policies ?? []) policy['clients'] = 'ALL_CLIENTS';
    };
    await using other = await startTestIdp(everybody, { flavour: 'auth0' });
    const id = String((await register(other)).body['client_id']);
    assert.doesNotMatch(id, /^tpc_/);
    const { body, text } = await ask({ clientId: id, scope: 'openid mcp:tools:call' }, other);
    assert.equal(typeof body['id_token'], 'string', text);
  });

  for (const [what, changes] of [
    ['no redirect URIs', { redirect_uris: undefined }],
    ['an empty list of them', { redirect_uris: [] }],
    ['one with a wildcard', { redirect_uris: ['https://*.example.com/callback'] }],
    ['one that is no URL', { redirect_uris: ['callback'] }],
    ['authentication by Basic', { token_endpoint_auth_method: 'client_secret_basic' }],
  ] as const) {
    test(`registration – ${what} – refused`, async () => {
      const { status, body } = await register(idp, changes);
      assert.deepEqual([status, body['error'], body['client_id']], [400, 'Bad Request', undefined]);
    });
  }

  test('registration – no JSON – refused', async () => {
    const url = `${idp.idp.httpUrl}/oidc/register`;
    assert.equal((await idp.send(url, { method: 'POST', body: 'client_name=x' })).status, 400);
    assert.equal((await idp.send(url)).status, 404);
  });
});
