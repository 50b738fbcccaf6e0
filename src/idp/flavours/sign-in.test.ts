import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { rotateSigningKeys } from '../signing-keys.ts';
import { claimsOf, headerOf, startTestIdp, type IdpAnswer, type TestIdp } from '../../../test/kit/start-test-idp.ts';

const redirectUri = 'http://127.0.0.1:7777/callback';

/** What the flavours have in common, tried with one of them. */
describe('sign-in at another flavour than Okta', () => {
  let idp: TestIdp;
  before(async () => {
    idp = await startTestIdp(() => undefined, { flavour: 'keycloak' });
  });
  after(async () => await idp[Symbol.asyncDispose]());

  async function redeem(change: Readonly<Record<string, string>> = {}): Promise<{
    answer: IdpAnswer;
    again: () => Promise<IdpAnswer>;
  }> {
    const { callback, verifier } = await idp.authorize('mcpserver');
    const form = {
      grant_type: 'authorization_code',
      client_id: 'demo',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
      ...change,
    };
    const send = () => idp.post(idp.server('mcpserver').tokenUrl, form);
    return { answer: await send(), again: send };
  }

  function authorizeUrl(change: Readonly<Record<string, string | undefined>> = {}): URL {
    const url = new URL(idp.server('mcpserver').authorizeUrl);
    const all = {
      client_id: 'demo',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid mcp:tools:call',
      state: 'the-state',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
      ...change,
    };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
    return url;
  }

  test('a code – redeemed twice – is good once', async () => {
    const { answer, again } = await redeem();
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await again()).body['error'], 'invalid_grant');
  });

  test('a code – with another verifier or redirect URI, or none – is refused', async () => {
    for (const change of [{ code_verifier: 'y'.repeat(43) }, { redirect_uri: 'http://127.0.0.1:7778/callback' }]) {
      const { answer } = await redeem(change);
      assert.equal(answer.body['error'], 'invalid_grant', JSON.stringify(change));
    }
  });

  test('the way back – carries state and issuer (RFC 9207)', async () => {
    const { callback } = await idp.authorize('mcpserver');
    assert.equal(callback.searchParams.get('state'), 'the-state');
    assert.equal(callback.searchParams.get('iss'), idp.server('mcpserver').issuer);
  });

  test('an ID token – issued with openid – has nonce, at_hash and the client as audience', async () => {
    const answer = await idp.signIn('mcpserver', { scope: 'openid', params: { nonce: 'the-nonce' } });
    const claims = claimsOf(answer.body['id_token']);
    assert.deepEqual([claims['aud'], claims['nonce']], ['demo', 'the-nonce']);
    assert.match(String(claims['at_hash']), /^[\w-]{22}$/);
  });

  test('offline_access – a refresh token – brings another token of the same session', async () => {
    const first = await idp.signIn('mcpserver', { scope: 'openid offline_access mcp:tools:call' });
    const refreshToken = String(first.body['refresh_token']);
    const form = { grant_type: 'refresh_token', client_id: 'demo', refresh_token: refreshToken };
    const second = await idp.post(idp.server('mcpserver').tokenUrl, form);
    assert.equal(second.status, 200, second.text);
    const [one, two] = [claimsOf(first.body['access_token']), claimsOf(second.body['access_token'])];
    assert.deepEqual([two['sid'], two['sub']], [one['sid'], one['sub']]);
    assert.notEqual(two['jti'], one['jti']);
    const wrong = await idp.post(idp.server('mcpserver').tokenUrl, { ...form, refresh_token: 'x' });
    assert.equal(wrong.body['error'], 'invalid_grant');
  });

  for (const [name, change] of [
    ['a redirect URI that is not the app’s', { redirect_uri: 'http://127.0.0.1:7777/elsewhere' }],
    ['an app that is not in the seed', { client_id: 'nobody' }],
  ] as const) {
    test(`${name} – a page, and nothing goes there`, async () => {
      const { status, headers } = await idp.send(authorizeUrl(change));
      assert.equal(status, 400);
      assert.equal(headers.get('location'), null);
      assert.match(headers.get('content-security-policy') ?? '', /form-action 'none'/);
    });
  }

  for (const [name, change, error] of [
    ['a public client without PKCE', { code_challenge: undefined }, 'invalid_request'],
    ['PKCE without S256', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['prompt=none', { prompt: 'none' }, 'login_required'],
  ] as const) {
    test(`${name} – goes back to the client as ${error}`, async () => {
      const { status, headers } = await idp.send(authorizeUrl(change));
      assert.equal(status, 303);
      const location = new URL(headers.get('location') ?? '');
      assert.deepEqual([location.searchParams.get('error'), location.searchParams.get('code')], [error, null]);
    });
  }

  test('a form with a wrong password, or made for another request – the page again, no code', async () => {
    const url = authorizeUrl();
    const page = await idp.send(url);
    const csrf = / name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const right = { csrf, username: 'alice@example.com', password: 'alice' };
    const other = authorizeUrl({ state: 'another' });
    for (const [target, form] of [
      [url, { ...right, password: 'wrong' }],
      [url, { ...right, csrf: 'x' }],
      [other, right],
    ] as const) {
      const answer = await idp.post(target.href, form);
      assert.deepEqual([answer.status, answer.headers.get('location')], [200, null]);
    }
    assert.equal((await idp.post(url.href, right)).status, 303);
  });

  test('a person the rule leaves out – goes back to the client without a code', async () => {
    await using other = await startTestIdp(
      (seed) => {
        const rule = seed.servers[0]?.policies[0]?.rules[0];
        if (rule !== undefined) rule['people'] = { users: ['bob@example.com'] };
      },
      { flavour: 'keycloak' },
    );
    const alice = await other.authorize('mcpserver');
    assert.equal(alice.callback.searchParams.get('code'), null);
    assert.notEqual((await other.authorize('mcpserver', { user: 'bob' })).callback.searchParams.get('code'), null);
  });

  test('a parameter twice – at the token endpoint – is refused', async () => {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'demo', refresh_token: 'x' });
    form.append('client_id', 'vscode');
    const answer = await idp.post(idp.server('mcpserver').tokenUrl, form);
    assert.deepEqual([answer.status, answer.body['error']], [400, 'invalid_request']);
  });

  test('another host than this machine – is not answered', async () => {
    const { port } = new URL(idp.idp.httpUrl);
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        { port, host: '127.0.0.1', path: '/', headers: { host: 'rebound.example.com' } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      sent.on('error', reject).end();
    });
    assert.equal(status, 421);
  });

  test('keys rotated – new tokens have the new key, the old one stays published', async () => {
    const before_ = headerOf((await idp.signIn('mcpserver')).body['access_token'])['kid'];
    await idp.idp.rotateKeys();
    const after_ = headerOf((await idp.signIn('mcpserver')).body['access_token'])['kid'];
    const { body } = await idp.send(idp.server('mcpserver').jwksUrl);
    const kids = (body['keys'] as readonly { kid: string }[]).map(({ kid }) => kid);
    assert.notEqual(after_, before_);
    assert.ok(kids.includes(String(before_)) && kids.includes(String(after_)));
  });

  test('keys rotated by somebody else in the state folder – are taken over with the next request', async () => {
    const { current } = await rotateSigningKeys(idp.stateDir, 'keycloak', Date.now());
    assert.equal(headerOf((await idp.signIn('mcpserver')).body['access_token'])['kid'], current.kid);
  });

  test('the front page – and a path that is none – answer', async () => {
    const page = await idp.send(`${idp.idp.httpUrl}/`);
    assert.ok(page.text.includes('MCP gateway'));
    assert.ok(!page.text.includes('gateway-development-secret'));
    assert.equal((await idp.send(`${idp.idp.httpUrl}/nowhere`)).status, 404);
  });
});
