import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CookieJar } from '../../src/demo/cookie-jar.ts';
import { findForm } from '../../src/demo/find-form.ts';
import { buildMemorySecrets } from '../../src/gateway/memory-secrets.ts';
import { post } from '../kit/call.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { signInAt } from '../kit/sign-in-at.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { claimsOf } from '../kit/start-test-idp.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { alice, createRealm } from './keycloak-realm.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');

test('the operator signs in at a real Keycloak', { skip, timeout: 150_000 }, async (context) => {
  const realm = await createRealm(url);
  await realm.admin('POST', '/clients', {
    clientId: 'operator',
    publicClient: true,
    redirectUris: ['http://127.0.0.1/callback'],
    attributes: { 'oauth2.device.authorization.grant.enabled': 'true', 'pkce.code.challenge.method': 'S256' },
  });
  await using behind = await startHttpServer((_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }),
  );
  const start = async (
    flow: 'browser' | 'device',
    person: (told: string) => Promise<unknown>,
    secrets = buildMemorySecrets(),
  ) => {
    const visits: Promise<unknown>[] = [];
    const remoteAuth = {
      issuer: realm.issuer,
      clientId: 'operator',
      scopes: ['openid', 'email'],
      callbackPort: 0,
      flow,
    };
    const gateway = await startTestGateway(
      {
        apollo: {
          authenticate: [{ strategy: 'local-token' }],
          remoteAuth,
          upstream: { strategy: 'http', url: `${behind.url}/mcp` },
        },
      },
      {
        secrets,
        loginAid: { hasBrowser: false, open: async () => false, tell: (text) => void visits.push(person(text)) },
      },
    );
    await Promise.all(visits);
    return gateway;
  };
  const assertCalls = async ({ mcpUrl, servers }: Awaited<ReturnType<typeof start>>) => {
    assert.equal((await post(mcpUrl, servers[0]?.callerToken?.reveal())).status, 200);
    const { iss, preferred_username: name } = claimsOf(behind.seen.at(-1)?.headers.authorization);
    assert.deepEqual([iss, name], [realm.issuer, alice.username]);
  };
  const browse = async (told: string) => {
    const found = /^ {2}(http\S+)$/m.exec(told)?.[1];
    if (found === undefined) return;
    const page = await signInAt(found, alice);
    assert.match(await page.text(), /You are signed in/);
  };

  await context.test(
    'with a browser – calls go on as them; a second gateway with the same store asks nobody',
    async () => {
      const secrets = buildMemorySecrets();
      await using gateway = await start('browser', browse, secrets);
      await assertCalls(gateway);
      await using second = await start('browser', () => assert.fail('somebody was asked'), secrets);
      await assertCalls(second);
    },
  );
  await context.test('on another device – by the code, after a few polls', async () => {
    await using gateway = await start('device', approveDevice);
    await assertCalls(gateway);
  });
});

/** What the person does on the other device: opens the address with the code, signs in, says yes. */
async function approveDevice(told: string): Promise<void> {
  const start = /open (http\S+)/.exec(told)?.[1];
  assert.ok(start !== undefined, told);
  const jar = new CookieJar();
  let target = new URL(start);
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 12; step += 1) {
    const cookie = jar.header(target);
    const answer = await fetch(target, {
      redirect: 'manual',
      headers: cookie === undefined ? {} : { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    jar.keep(target, answer.headers.getSetCookie());
    const page = await answer.text();
    const location = answer.headers.get('location');
    form = undefined;
    if (location !== null) {
      target = new URL(location, target);
      continue;
    }
    const shown = findForm(page);
    if (shown === undefined) {
      assert.match(page, /Device Login Successful/);
      return;
    }
    form = new URLSearchParams([...shown.fields]);
    if (shown.fields.has('password')) {
      form.set('username', alice.username);
      form.set('password', alice.password);
    } else {
      // Both buttons have a name; only one is pressed.
      form.delete('cancel');
      form.set('accept', 'Yes');
    }
    target = new URL(shown.action, target);
  }
  assert.fail('Keycloak came to no end');
}
