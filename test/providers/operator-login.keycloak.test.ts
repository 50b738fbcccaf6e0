import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildMemorySecrets } from '../../src/gateway/memory-secrets.ts';
import { post } from '../kit/call.ts';
import { DeviceVisitor } from '../kit/device-visitor.ts';
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
    await using gateway = await start('device', async (told) => {
      const [, page = ''] = /open (http\S+)/.exec(told) ?? [];
      assert.match(await new DeviceVisitor().signIn(page, { userCode: '', ...alice }), /Device Login Successful/);
    });
    await assertCalls(gateway);
  });
});
