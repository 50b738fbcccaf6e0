import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { claimsOf, startTestIdp, type IdpAnswer, type TestIdp } from '../../../test/kit/start-test-idp.ts';
import { exchangeGrant } from '../../../test/kit/start-issuer.ts';

const redirectUri = 'http://127.0.0.1:7777/callback';
const goodbye = 'http://127.0.0.1:7777/goodbye';

/** Who has signed in once does not have to again, as with every provider; ending it is Keycloak's. */
describe('a session at another flavour than Okta', () => {
  let idp: TestIdp;
  before(async () => {
    idp = await startTestIdp(
      (seed) => {
        const demo = seed.apps.find(({ clientId }) => clientId === 'demo');
        Object.assign(demo ?? {}, { postLogoutRedirectUris: [goodbye] });
      },
      { flavour: 'keycloak' },
    );
  });
  after(async () => await idp[Symbol.asyncDispose]());

  function authorizeUrl(more: Readonly<Record<string, string>> = {}): URL {
    const url = new URL(idp.server('mcpserver').authorizeUrl);
    const challenge = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
    const scope = 'openid mcp:tools:call';
    const all = { client_id: 'demo', redirect_uri: redirectUri, response_type: 'code', scope, ...challenge, ...more };
    url.search = new URLSearchParams(all).toString();
    return url;
  }

  /** Signs in by the form; what the browser then sends as its cookie. */
  async function signIn(user = 'alice', cookie = ''): Promise<string> {
    const url = authorizeUrl({ prompt: 'login' });
    const { text } = await idp.send(url, { headers: { cookie } });
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    const form = new URLSearchParams({ csrf, username: `${user}@example.com`, password: user });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie };
    const answer = await idp.send(url, { method: 'POST', headers, body: form.toString() });
    assert.equal(answer.status, 303, answer.text);
    return answer.headers.get('set-cookie') ?? '';
  }
  const cookieOf = (setCookie: string) => setCookie.split(';')[0] ?? '';
  const go = (cookie: string, more: Readonly<Record<string, string>> = {}) =>
    idp.send(authorizeUrl(more), { headers: { cookie } });
  const parameter = ({ headers }: IdpAnswer, name: string) =>
    new URL(headers.get('location') ?? 'http://none/').searchParams.get(name);

  /** The tokens of a sign-in without a form. */
  async function tokens(cookie: string): Promise<IdpAnswer['body']> {
    const verifier = 'v'.repeat(43);
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    const answer = await go(cookie, { code_challenge: Buffer.from(digest).toString('base64url') });
    const code = parameter(answer, 'code') ?? '';
    const form = { grant_type: 'authorization_code', client_id: 'demo', code, redirect_uri: redirectUri };
    return (await idp.post(idp.server('mcpserver').tokenUrl, { ...form, code_verifier: verifier })).body;
  }
  const logoutUrl = (parameters: Readonly<Record<string, string>>) =>
    `${idp.server('mcpserver').issuer}/protocol/openid-connect/logout?${new URLSearchParams(parameters).toString()}`;

  test('the cookie – is for this provider’s pages only, and for no script', async () => {
    assert.match(await signIn(), /^usher_idp_session=[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test('a second sign-in of the browser – goes through without the form, also silently (prompt=none)', async () => {
    const cookie = cookieOf(await signIn());
    for (const more of [{}, { prompt: 'none' }, { max_age: '600' }]) {
      const answer = await go(cookie, more);
      assert.equal(answer.status, 303, JSON.stringify(more));
      assert.notEqual(parameter(answer, 'code'), null);
    }
  });

  test('both sign-ins – are one session: the same sid and auth_time', async () => {
    const cookie = cookieOf(await signIn());
    const [first, second] = [await tokens(cookie), await tokens(cookie)].map((one) => claimsOf(one['access_token']));
    assert.deepEqual([second?.['sid'], second?.['auth_time']], [first?.['sid'], first?.['auth_time']]);
    assert.match(String(first?.['sid']), /^[\w-]{32}$/);
  });

  test('prompt=login, or a max_age that is over – the form again', async () => {
    const cookie = cookieOf(await signIn());
    for (const more of [{ prompt: 'login' }, { prompt: 'consent login' }])
      assert.equal((await go(cookie, more)).status, 200);
    assert.equal((await go(cookie, { max_age: '0' })).status, 200);
    const silent = await go(cookie, { prompt: 'none login' });
    assert.equal(parameter(silent, 'error'), 'login_required');
  });

  test('a max_age that is no number – goes back as invalid_request', async () => {
    assert.equal(parameter(await go(cookieOf(await signIn()), { max_age: 'soon' }), 'error'), 'invalid_request');
  });

  test('no cookie, or one nobody was given – the form, and silently login_required', async () => {
    for (const cookie of ['', 'usher_idp_session=x', 'usher_idp_session=constructor']) {
      assert.equal((await go(cookie)).status, 200, cookie);
      assert.equal(parameter(await go(cookie, { prompt: 'none' }), 'error'), 'login_required', cookie);
    }
  });

  test('signing in again – the cookie from before is good no more', async () => {
    const old = cookieOf(await signIn());
    const fresh = cookieOf(await signIn('alice', old));
    assert.notEqual(fresh, old);
    assert.deepEqual([(await go(old)).status, (await go(fresh)).status], [200, 303]);
  });

  test('somebody else signs in with the same browser – another session', async () => {
    const alice = cookieOf(await signIn());
    const first = claimsOf((await tokens(alice))['access_token']);
    const second = claimsOf((await tokens(cookieOf(await signIn('bob', alice))))['access_token']);
    assert.notEqual(second['sub'], first['sub']);
    assert.notEqual(second['sid'], first['sid']);
  });

  test('logout with the ID token – the session ends, and so do exchange and refresh of its tokens', async () => {
    const cookie = cookieOf(await signIn());
    const { id_token: idToken, access_token: accessToken } = await tokens(cookie);
    const hint = { id_token_hint: String(idToken), post_logout_redirect_uri: goodbye, state: 'the-state' };
    const left = await idp.send(logoutUrl(hint));
    assert.deepEqual([left.status, left.headers.get('location')], [302, `${goodbye}?state=the-state`]);
    assert.equal((await go(cookie)).status, 200, 'the form again');
    const form = {
      grant_type: exchangeGrant,
      subject_token: String(accessToken),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'backend',
      scope: 'backend-api:read',
    };
    const answer = await idp.post(idp.server('backend').tokenUrl, form, 'mcpserver:gateway-development-secret');
    assert.deepEqual([answer.status, answer.body['error_description']], [400, 'Invalid token']);
  });

  test('logout without one – asks first, and a form of another session does not end it', async () => {
    const [alice, bob] = [cookieOf(await signIn()), cookieOf(await signIn('bob'))];
    const ask = async (cookie: string) => {
      const { text } = await idp.send(logoutUrl({}), { headers: { cookie } });
      return /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    };
    const say = (cookie: string, xsrf: string) =>
      idp.post(logoutUrl({}), { xsrf, logout: 'yes' }, undefined, { cookie });
    await say(alice, await ask(bob));
    assert.equal((await go(alice)).status, 303, 'still signed in');
    await say(alice, await ask(alice));
    assert.deepEqual([(await go(alice)).status, (await go(bob)).status], [200, 303]);
  });

  test('logout – to an address that is not the app’s, or with a token that is none – goes nowhere', async () => {
    const { id_token: idToken } = await tokens(cookieOf(await signIn()));
    const id = { id_token_hint: String(idToken) };
    for (const [parameters, words] of [
      [{ ...id, post_logout_redirect_uri: 'https://elsewhere.example/' }, /Invalid redirect uri/],
      [{ post_logout_redirect_uri: goodbye }, /Missing parameters: id_token_hint/],
      [{ id_token_hint: 'x', post_logout_redirect_uri: goodbye }, /Invalid parameter: id_token_hint/],
    ] as const) {
      const answer = await idp.send(logoutUrl(parameters));
      assert.deepEqual([answer.status, answer.headers.get('location')], [400, null]);
      assert.match(answer.text, words);
    }
  });
});
