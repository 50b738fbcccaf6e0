import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { identity } from '../../../test/kit/start-exchange.ts';
import { startCredential } from '../../../test/kit/start-credential.ts';
import { sendJson } from '../../../test/kit/start-http-server.ts';
import type { Caller } from '../../model/caller.ts';
import type { Identity } from '../../model/identity.ts';
import { Secret } from '../../model/secret.ts';
import { buildClientCredentialsCredential } from './build-client-credentials-credential.ts';
import { clientCredentialsSchema } from './schema.ts';

function start(more: Record<string, unknown> = {}) {
  return startCredential((url, deps) => {
    const clientSecret = new Secret('gateway-secret');
    const given = { strategy: 'client-credentials', url, clientId: 'gateway', clientSecret, ...more };
    return buildClientCredentialsCredential(clientCredentialsSchema.parse(given), deps);
  });
}

/** A caller whose token says this. */
function callerWith(nowMs: number, changes: Partial<Caller>): Identity {
  const { caller, callerToken } = identity(nowMs);
  return { callerToken, caller: { ...caller, ...changes } };
}
const machine = (nowMs: number, name = 'job') =>
  callerWith(nowMs, { subject: name, clientId: name, tokenDigest: name });

test('two callers without a user – share the one token there is', async () => {
  await using all = await start({ audience: ['backend'], scopes: ['read'] });
  const { nowMs } = all.scene;
  assert.equal(await all.header(machine(nowMs)), 'Bearer opaque-1');
  assert.equal(await all.header(machine(nowMs, 'other-job')), 'Bearer opaque-1');
  assert.equal(all.count(), 1);
  const [form] = all.forms();
  assert.deepEqual(
    ['grant_type', 'audience', 'scope'].map((name) => form?.get(name)),
    ['client_credentials', 'backend', 'read'],
  );
  assert.ok(!JSON.stringify(all.seen).includes(machine(nowMs).callerToken ?? ''));
});

test("a caller's token that ends soon – has no say in how long the gateway's is kept", async () => {
  await using all = await start();
  const { nowMs } = all.scene;
  await all.header(callerWith(nowMs, { ...machine(nowMs).caller, expiresAtMs: nowMs + 1_000 }));
  assert.equal(await all.header(machine(nowMs)), 'Bearer opaque-1');
  assert.equal(all.count(), 1);
});

test('what is handed out – says that it stands for the gateway', async () => {
  await using all = await start();
  const found = await all.credential.obtain(machine(all.scene.nowMs), { signal: new AbortController().signal });
  assert.equal(found.actsAs, 'gateway');
});

describe('who has no user', () => {
  const rows: readonly (readonly [string, Partial<Caller>])[] = [
    ['an anonymous caller', { tokenDigest: '', clientId: undefined }],
    ['a client whose token is about itself', { subject: 'job', clientId: 'job' }],
    ['a client of Auth0', { subject: 'job@clients', clientId: 'job' }],
    ['an application of Entra', { subject: 'an-object-id', clientId: 'job', tokenClaims: { idtyp: 'app' } }],
  ];
  for (const [name, changes] of rows) {
    test(`${name} – is let through`, async () => {
      await using all = await start();
      assert.equal(await all.header(callerWith(all.scene.nowMs, changes)), 'Bearer opaque-1');
    });
  }
  test('a user – is refused before anybody is asked', async () => {
    await using all = await start();
    const obtain = () => all.credential.obtain(callerWith(all.scene.nowMs, { clientId: 'vscode' }), connection);
    const connection = { signal: new AbortController().signal };
    assert.throws(obtain, { code: 'exchange_user_refused' });
    assert.equal(all.count(), 0);
  });
  test('a user, where the configuration lets them – calls as the gateway', async () => {
    await using all = await start({ alsoForUsers: true });
    assert.equal(await all.header(identity(all.scene.nowMs)), 'Bearer opaque-1');
  });
});

for (const error of ['invalid_grant', 'access_denied', 'login_required', 'insufficient_user_authentication']) {
  test(`the provider says ${error} – the operator has to mend it, whoever calls`, async () => {
    await using all = await start();
    all.scene.respond = (_, response) => sendJson(response, 400, { error, acr_values: 'mfa' });
    assert.equal((await all.refusal(machine(all.scene.nowMs))).code, 'exchange_misconfigured');
  });
}

test('tokens that are bound to a key – are asked for with a proof, and handed out with one', async () => {
  await using all = await start({ dpop: true });
  all.scene.answer = { token_type: 'DPoP', expires_in: 600 };
  const found = await all.credential.obtain(machine(all.scene.nowMs), { signal: new AbortController().signal });
  assert.equal(found.header?.value.reveal(), 'DPoP opaque-1');
  assert.match(String(all.seen[0]?.headers['dpop']), /^ey/);
  assert.match(found.proof?.prove('POST', 'http://127.0.0.1:1/mcp') ?? '', /^ey/);
});
