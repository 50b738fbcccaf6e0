import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identity } from '../../../test/kit/start-exchange.ts';
import { startCredential } from '../../../test/kit/start-credential.ts';
import { encodePart } from '../../../test/kit/signing-key.ts';
import { sendJson } from '../../../test/kit/start-http-server.ts';
import { Secret } from '../../model/secret.ts';
import { buildEntraOboCredential } from './build-entra-obo-credential.ts';
import { entraOboSchema } from './schema.ts';

const audience = '11111111-2222-3333-4444-555555555555';

/** As Entra answers: no issued_token_type, scopes in full, and `ext_expires_in` beside. */
const answer = { scope: 'api://backend/read api://backend/write', expires_in: 3599, ext_expires_in: 3599 };

function start(scopes: readonly string[] = ['api://backend/.default']) {
  return startCredential(
    (url, deps) => {
      const clientSecret = new Secret('gateway-secret');
      const given = { strategy: 'entra-obo', url, clientId: 'gateway', clientSecret, audience: [audience], scopes };
      return buildEntraOboCredential(entraOboSchema.parse(given), deps);
    },
    { answer },
  );
}

function jwt(claims: Record<string, unknown>): string {
  return `${encodePart({ alg: 'RS256' })}.${encodePart(claims)}.c2lnbmF0dXJl`;
}

test('a request – hands the caller’s token in as an assertion of theirs', async () => {
  await using all = await start();
  const alice = identity(all.scene.nowMs);
  assert.equal(await all.header(alice), 'Bearer opaque-1');
  const [form] = all.forms();
  assert.equal(form?.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
  assert.equal(form?.get('assertion'), alice.callerToken);
  assert.equal(form?.get('requested_token_use'), 'on_behalf_of');
  assert.equal(form?.get('scope'), 'api://backend/.default');
  assert.equal(form?.get('subject_token'), null);
  assert.match(all.seen[0]?.headers.authorization ?? '', /^Basic /);
});

test('scopes that are named in full – are found in the token by their short names', async () => {
  await using all = await start(['api://backend/read', 'api://backend/write']);
  all.scene.answer = { ...answer, access_token: jwt({ aud: audience, scp: 'read write' }) };
  const { claims } = await all.credential.obtain(identity(all.scene.nowMs), { signal: new AbortController().signal });
  assert.deepEqual(claims?.scp, ['read', 'write']);
});

for (const [name, claims, hint] of [
  ['a scope is missing', { aud: audience, scp: 'read' }, /scope "write" was asked for and not granted/],
  ['another audience', { aud: 'api://other', scp: 'read write' }, /audience is "api:\/\/other"/],
] as const) {
  test(`${name} in the token – refused`, async () => {
    await using all = await start(['api://backend/read', 'api://backend/write']);
    all.scene.answer = { ...answer, access_token: jwt(claims) };
    const refusal = await all.refusal(identity(all.scene.nowMs));
    assert.equal(refusal.code, 'exchange_answer_invalid');
    assert.match(refusal.hint, hint);
  });
}

test('a claims challenge – is handed on to the caller', async () => {
  await using all = await start();
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  all.scene.respond = (_, response) =>
    sendJson(response, 400, { error: 'interaction_required', error_description: 'AADSTS50076: …', claims });
  const refusal = await all.refusal(identity(all.scene.nowMs));
  assert.equal(refusal.code, 'exchange_step_up');
  assert.equal(
    Buffer.from(refusal.challengeParameters['claims'] ?? '', 'base64url')
      .toString()
      .trim(),
    claims,
  );
});

test('nobody consented – denied, since signing in again would change nothing', async () => {
  await using all = await start();
  all.scene.respond = (_, response) =>
    sendJson(response, 400, {
      error: 'invalid_grant',
      suberror: 'consent_required',
      error_description: 'AADSTS65001: The user or administrator has not consented to use the application.',
    });
  const refusal = await all.refusal(identity(all.scene.nowMs));
  assert.equal(refusal.code, 'exchange_denied');
  assert.match(refusal.hint, /AADSTS65001/);
});

test('an assertion that is over – the caller signs in again', async () => {
  await using all = await start();
  all.scene.respond = (_, response) => sendJson(response, 400, { error: 'invalid_grant', suberror: 'bad_token' });
  assert.equal((await all.refusal(identity(all.scene.nowMs))).code, 'exchange_subject_refused');
});
