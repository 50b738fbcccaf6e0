import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startTestIdp, type TestIdp } from '../../../test/kit/start-test-idp.ts';

const redirectUri = 'http://127.0.0.1:7777/callback';
const goodbye = 'http://127.0.0.1:7777/goodbye';
const entraDemo = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
const entraApi = '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b';

const providers = {
  entra: {
    clientId: entraDemo,
    ask: { scope: `openid api://${entraApi}/mcp.tools.call` },
    path: (issuer: string) => issuer.replace(/v2\.0$/, 'oauth2/v2.0/logout'),
    target: (uri: string) => ({ post_logout_redirect_uri: uri }),
    allowed: 'http://127.0.0.1:33418/callback',
    // Nothing is said of an address that is nobody's.
    elsewhere: 200,
  },
  auth0: {
    clientId: 'demo',
    ask: { scope: 'openid mcp:tools:call', audience: 'http://localhost:8000/mcp' },
    path: (issuer: string) => `${issuer}v2/logout`,
    target: (uri: string) => ({ client_id: 'demo', returnTo: uri }),
    allowed: goodbye,
    elsewhere: 400,
  },
} as const;

for (const flavour of ['entra', 'auth0'] as const) {
  const { clientId, ask, path, target, allowed, elsewhere } = providers[flavour];

  async function start(): Promise<TestIdp> {
    return await startTestIdp(
      (seed) => {
        const demo = seed.apps.find((app) => app.clientId === clientId);
        Object.assign(demo ?? {}, { postLogoutRedirectUris: [goodbye] });
      },
      { flavour },
    );
  }

  function authorizeUrl(idp: TestIdp, more: Readonly<Record<string, string>> = {}): URL {
    const url = new URL(idp.server('mcpserver').authorizeUrl);
    const challenge = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
    const all = {
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      ...ask,
      ...challenge,
      ...more,
    };
    url.search = new URLSearchParams(all).toString();
    return url;
  }

  /** Signs in by the form; the cookie of the browser. */
  async function signIn(idp: TestIdp): Promise<string> {
    const url = authorizeUrl(idp);
    const csrf = /name="csrf" value="([^"]+)"/.exec((await idp.send(url)).text)?.[1] ?? '';
    const { headers } = await idp.post(url.href, { csrf, username: 'alice@example.com', password: 'alice' });
    return headers.get('set-cookie')?.split(';')[0] ?? '';
  }

  describe(`the session at --flavour ${flavour}`, () => {
    test('a second sign-in – needs no form, unless prompt=login or a claims challenge wants more', async () => {
      await using idp = await start();
      const cookie = await signIn(idp);
      const go = async (more: Readonly<Record<string, string>>) =>
        (await idp.send(authorizeUrl(idp, more), { headers: { cookie } })).status;
      const challenge = { claims: '{"access_token":{"acrs":{"essential":true,"value":"p1"}}}' };
      assert.deepEqual(
        [await go({}), await go({ prompt: 'none' }), await go({ prompt: 'login' }), await go(challenge)],
        [303, 303, 200, 200],
      );
    });

    test('signing out – ends it, and goes on to an address of the app', async () => {
      await using idp = await start();
      const cookie = await signIn(idp);
      const url = `${path(idp.server('mcpserver').issuer)}?${new URLSearchParams(target(allowed)).toString()}`;
      const left = await idp.send(url, { headers: { cookie } });
      assert.deepEqual([left.status, left.headers.get('location')], [302, allowed]);
      assert.equal((await idp.send(authorizeUrl(idp), { headers: { cookie } })).status, 200, 'the form again');
    });

    test('signing out – to an address of nobody – goes nowhere', async () => {
      await using idp = await start();
      const query = new URLSearchParams(target('https://elsewhere.example/')).toString();
      const answer = await idp.send(`${path(idp.server('mcpserver').issuer)}?${query}`);
      assert.deepEqual([answer.status, answer.headers.get('location')], [elsewhere, null]);
    });
  });
}
