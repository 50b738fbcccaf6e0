import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { claimsOf, headerOf, startTestIdp, type TestIdp } from '../../test/kit/start-test-idp.ts';

describe('sign-in', () => {
  let idp: TestIdp;
  before(async () => {
    idp = await startTestIdp((seed) => {
      seed.apps.push(
        {
          clientId: 'asking',
          label: 'Asking client',
          type: 'native',
          grantTypes: ['authorization_code'],
          redirectUris: ['http://127.0.0.1/callback'],
          consent: 'required',
        },
        {
          clientId: 'sales-only',
          label: 'Sales client',
          type: 'native',
          grantTypes: ['authorization_code'],
          redirectUris: ['http://127.0.0.1/callback'],
          assigned: { groups: ['Sales'] },
        },
      );
    });
  });
  after(async () => await idp[Symbol.asyncDispose]());

  test('access token – code with PKCE – has exactly Okta’s header and claims', async () => {
    const { issuer } = idp.server('mcpserver');
    const answer = await idp.signIn('mcpserver', { scope: 'openid mcp:tools:call' });
    assert.equal(answer.status, 200, answer.text);
    const token = answer.body['access_token'];
    const header = headerOf(token);
    assert.deepEqual(Object.keys(header), ['kid', 'alg']);
    assert.equal(header['alg'], 'RS256');
    const claims = claimsOf(token);
    const { jti, iat, exp, uid, auth_time: authTime } = claims;
    assert.deepEqual(Object.keys(claims), [
      'ver',
      'jti',
      'iss',
      'aud',
      'iat',
      'exp',
      'cid',
      'uid',
      'scp',
      'auth_time',
      'sub',
    ]);
    assert.match(String(jti), /^AT\.[\w-]{20,}$/);
    assert.match(String(uid), /^00u\w{17}$/);
    assert.ok(typeof iat === 'number' && typeof exp === 'number' && typeof authTime === 'number' && authTime <= iat);
    assert.equal(exp - iat, 3600);
    const rest = Object.fromEntries(
      Object.entries(claims).filter(([name]) => !['jti', 'iat', 'exp', 'uid', 'auth_time'].includes(name)),
    );
    assert.deepEqual(rest, {
      ver: 1,
      iss: issuer,
      aud: 'mcpserver',
      cid: 'demo',
      scp: ['openid', 'mcp:tools:call'],
      sub: 'alice@example.com',
    });
  });

  test('token answer – code with PKCE – is not stored and has the members of Okta’s', async () => {
    const answer = await idp.signIn('mcpserver', { scope: 'openid mcp:tools:call' });
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.deepEqual(Object.keys(answer.body), ['token_type', 'expires_in', 'access_token', 'scope', 'id_token']);
    assert.equal(answer.body['token_type'], 'Bearer');
    assert.equal(answer.body['expires_in'], 3600);
    assert.equal(answer.body['scope'], 'openid mcp:tools:call');
  });

  test('access token – published keys – verifies', async () => {
    const { issuer, jwksUrl, audience } = idp.server('mcpserver');
    const { body } = await idp.signIn('mcpserver');
    const { payload } = await jwtVerify(String(body['access_token']), createRemoteJWKSet(new URL(jwksUrl)), {
      issuer,
      audience,
      algorithms: ['RS256'],
    });
    assert.equal(payload.sub, 'alice@example.com');
  });

  test('ID token – openid – stands for the client and the user, with nonce and at_hash', async () => {
    const { issuer, jwksUrl } = idp.server('mcpserver');
    const { body } = await idp.signIn('mcpserver', { params: { nonce: 'n-1' } });
    const { payload } = await jwtVerify(String(body['id_token']), createRemoteJWKSet(new URL(jwksUrl)), {
      issuer,
      audience: 'demo',
    });
    assert.match(String(payload.jti), /^ID\./);
    assert.equal(payload['ver'], 1);
    assert.equal(payload['nonce'], 'n-1');
    assert.equal(payload.sub, claimsOf(body['access_token'])['uid']);
    assert.equal(payload['preferred_username'], 'alice@example.com');
    assert.deepEqual(payload['amr'], ['pwd']);
    assert.match(String(payload['at_hash']), /^[\w-]{22}$/);
  });

  test('redirect – accepted – names the issuer and repeats the state', async () => {
    const { callback } = await idp.authorize('mcpserver');
    assert.equal(callback.searchParams.get('iss'), idp.server('mcpserver').issuer);
    assert.equal(callback.searchParams.get('state'), 'the-state');
  });

  test('resource – one or more, at both endpoints – changes nothing', async () => {
    const { callback, verifier, redirectUri } = await idp.authorize('mcpserver', {
      params: { resource: 'http://localhost:8000/mcp' },
    });
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'demo',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    form.append('resource', 'http://localhost:9999/other');
    form.append('resource', 'not a uri');
    const { status, body } = await idp.post(idp.server('mcpserver').tokenUrl, form);
    assert.equal(status, 200);
    assert.equal(claimsOf(body['access_token'])['aud'], 'mcpserver');
  });

  test('scope – not sent – the server’s default scopes', async () => {
    const { body } = await idp.signIn('mcpserver', { scope: undefined });
    assert.deepEqual(claimsOf(body['access_token'])['scp'], ['mcp:tools:call']);
    assert.equal(body['id_token'], undefined);
  });

  test('confidential client – secret in the body – is as good as Basic', async () => {
    const { callback, verifier, redirectUri } = await idp.authorize('mcpserver', {
      clientId: 'vscode',
      redirectUri: 'http://127.0.0.1:33418/',
    });
    const { status } = await idp.post(idp.server('mcpserver').tokenUrl, {
      grant_type: 'authorization_code',
      client_id: 'vscode',
      client_secret: 'vscode-development-secret',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    assert.equal(status, 200);
  });

  test('redirect URI – native app, any port of the loopback address – is taken', async () => {
    for (const redirectUri of [
      'http://127.0.0.1:1/callback',
      'http://localhost:60000/callback',
      'http://[::1]:7/callback',
    ]) {
      const { callback } = await idp.authorize('mcpserver', { redirectUri });
      assert.equal(callback.origin, new URL(redirectUri).origin);
    }
  });

  test('redirect URI – web app, other port – shows an error page and redirects nowhere', async () => {
    const url = new URL(idp.server('mcpserver').authorizeUrl);
    url.search = new URLSearchParams({
      client_id: 'vscode',
      redirect_uri: 'http://127.0.0.1:33419/',
      response_type: 'code',
      scope: 'openid',
      state: 's',
    }).toString();
    const answer = await idp.send(url, { headers: { accept: 'text/html' } });
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get('location'), null);
    assert.match(answer.text, /<h1>This app may not send you back there<\/h1>/);
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
  });

  test('consent – allowed – gives the token', async () => {
    const { status } = await idp.signIn('mcpserver', { clientId: 'asking', decision: 'allow' });
    assert.equal(status, 200);
  });

  test('consent – denied – goes back with access_denied', async () => {
    const { callback } = await idp.authorize('mcpserver', { clientId: 'asking', decision: 'deny' });
    assert.equal(callback.searchParams.get('error'), 'access_denied');
    assert.equal(callback.searchParams.get('code'), null);
  });

  test('user – not assigned to the app – goes back with Okta’s words', async () => {
    const refused = await idp.authorize('mcpserver', { clientId: 'sales-only', user: 'alice' });
    assert.equal(refused.callback.searchParams.get('error'), 'access_denied');
    assert.equal(
      refused.callback.searchParams.get('error_description'),
      'User is not assigned to the client application.',
    );
    const { status } = await idp.signIn('mcpserver', { clientId: 'sales-only', user: 'bob' });
    assert.equal(status, 200);
  });

  test('sign-in form – csrf of another sign-in – is shown again and signs nobody in', async () => {
    const url = new URL(idp.server('mcpserver').authorizeUrl);
    url.search = new URLSearchParams({
      client_id: 'demo',
      redirect_uri: 'http://127.0.0.1/callback',
      response_type: 'code',
      scope: 'mcp:tools:call',
      state: 's',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }).toString();
    const begun = await idp.send(url);
    const cookie = begun.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');
    const page = new URL(begun.headers.get('location') ?? '', url);
    const form = { username: 'alice@example.com', password: 'alice', csrf: 'forged' };
    const answer = await idp.post(page.href, form, undefined, { cookie });
    assert.equal(answer.status, 200);
    assert.match(answer.text, /role="alert"/);
    const withoutCookie = await idp.post(page.href, form);
    assert.equal(withoutCookie.status, 400);
    assert.match(withoutCookie.text, /This sign-in has ended or was begun in another browser/);
  });

  test('cookies – sign-in begun – are http-only, same-site and signed', async () => {
    const url = new URL(idp.server('mcpserver').authorizeUrl);
    url.search = new URLSearchParams({
      client_id: 'vscode',
      redirect_uri: 'http://127.0.0.1:33418/',
      response_type: 'code',
      scope: 'openid',
      state: 's',
    }).toString();
    const cookies = (await idp.send(url)).headers.getSetCookie();
    assert.ok(cookies.length >= 4);
    for (const cookie of cookies) assert.match(cookie, /httponly/i);
    for (const cookie of cookies) assert.match(cookie, /samesite=lax/i);
    assert.ok(cookies.some((cookie) => cookie.startsWith('usher_idp_interaction.sig=')));
  });

  test('registration – client that registers itself – signs in with what it got, after consent', async () => {
    const { issuer } = idp.server('mcpserver');
    const registered = await idp.send(`${issuer}/v1/clients`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'Unknown client',
        redirect_uris: ['http://127.0.0.1:7777/callback'],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      }),
    });
    assert.equal(registered.status, 201, registered.text);
    const { status, body } = await idp.signIn('mcpserver', {
      clientId: String(registered.body['client_id']),
      decision: 'allow',
      scope: 'mcp:tools:call',
    });
    assert.equal(status, 200);
    assert.equal(claimsOf(body['access_token'])['cid'], registered.body['client_id']);
  });

  test('registration – id of before a restart, or of another provider at this address – signs in all the same', async () => {
    const clientId = `0oa${'0123456789abcdef'.repeat(2)}`;
    const answer = await idp.signIn('mcpserver', { clientId, redirectUri: 'http://127.0.0.1:6276/oauth/callback' });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(claimsOf(answer.body['access_token'])['cid'], clientId);
  });

  for (const [what, clientId, redirectUri, server] of [
    ['another id than registered clients get', 'unknown', 'http://127.0.0.1:6276/', 'mcpserver'],
    ['a redirect URI in the clear', `0oa${'1'.repeat(32)}`, 'http://example.com/callback', 'mcpserver'],
    ['a redirect URI that is none', `0oa${'2'.repeat(32)}`, 'nonsense', 'mcpserver'],
    ['a server without registration', `0oa${'3'.repeat(32)}`, 'http://127.0.0.1:6276/', 'backend'],
  ] as const) {
    test(`sign-in – an app that is not known, with ${what} – refused without a redirect`, async () => {
      const url = new URL(idp.server(server).authorizeUrl);
      url.search = String(
        new URLSearchParams({ client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope: 'openid' }),
      );
      const answer = await idp.send(url);
      assert.equal(answer.status, 400);
      assert.match(answer.text, /This app is not known here/);
    });
  }

  test('registration – client that names the scopes it first needs – may ask for others later', async () => {
    const registered = await idp.send(`${idp.server('mcpserver').issuer}/v1/clients`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: ['http://127.0.0.1:7777/callback'],
        token_endpoint_auth_method: 'none',
        scope: 'mcp:tools:call',
      }),
    });
    const clientId = String(registered.body['client_id']);
    const { body } = await idp.signIn('mcpserver', { clientId, decision: 'allow', scope: 'openid mcp:tools:call' });
    assert.deepEqual(claimsOf(body['access_token'])['scp'], ['openid', 'mcp:tools:call']);
  });

  for (const uri of ['http://app.example/callback', 'http://127.0.0.1.app.example/callback']) {
    test(`registration – with ${uri} – refused, since codes would pass in the clear`, async () => {
      const { status, body } = await idp.send(`${idp.server('mcpserver').issuer}/v1/clients`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: ['https://app.example/callback', uri] }),
      });
      assert.equal(status, 400);
      assert.deepEqual(
        [body['error'], String(body['error_description']).includes(uri)],
        ['invalid_redirect_uri', true],
      );
    });
  }

  test('registration – server whose seed does not allow it – 404', async () => {
    const { issuer } = idp.server('backend');
    const answer = await idp.send(`${issuer}/v1/clients`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    assert.equal(answer.status, 404);
  });

  test('registration – from a page of another origin – may be asked for and read', async () => {
    const answer = await idp.send(`${idp.server('mcpserver').issuer}/v1/clients`, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:6274', 'access-control-request-method': 'POST' },
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  });

  test('wrong password – log – names the user when there is one and never what was typed', async () => {
    const before_ = idp.log.length;
    await assert.rejects(idp.authorize('mcpserver', { user: 'typed-secret' }));
    const refused = idp.log.slice(before_).filter(({ line }) => line === 'sign-in refused');
    assert.equal(refused.at(-1)?.fields['reason'], 'there is no such user');
    assert.ok(!JSON.stringify(idp.log).includes('typed-secret'));
  });

  test('log – tokens issued – names client, user, grant, server and scopes and holds no token', async () => {
    const { body } = await idp.signIn('mcpserver', { scope: 'mcp:tools:call' });
    const issued = idp.log.filter(({ line }) => line === 'token issued').at(-1);
    assert.deepEqual(
      { ...issued?.fields, jti: undefined },
      {
        server: 'mcpserver',
        grant: 'authorization_code',
        client: 'demo',
        user: 'alice@example.com',
        scopes: 'mcp:tools:call',
        jti: undefined,
      },
    );
    const signature = String(body['access_token']).split('.')[2] ?? 'none';
    assert.ok(!JSON.stringify(idp.log).includes(signature));
    assert.ok(!JSON.stringify(idp.log).includes('eyJ'));
  });
});
