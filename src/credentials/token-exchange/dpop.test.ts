import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { EmbeddedJWK, jwtVerify } from 'jose';
import { encodePart } from '../../../test/kit/signing-key.ts';
import { sendJson, type SeenRequest } from '../../../test/kit/start-http-server.ts';
import { identity, startExchange } from '../../../test/kit/start-exchange.ts';

const read = async (request: SeenRequest | undefined) => {
  const { payload, protectedHeader } = await jwtVerify(String(request?.headers['dpop']), EmbeddedJWK);
  return { claims: payload, jwk: protectedHeader.jwk };
};
/** A token that says which key it is bound to. */
const boundTo = (jkt: string | undefined) =>
  `${encodePart({ alg: 'RS256' })}.${encodePart({ aud: 'backend', ...(jkt === undefined ? {} : { cnf: { jkt } }) })}.c2ln`;
const start = () => startExchange({ dpop: true });
type Exchange = Awaited<ReturnType<typeof start>>;

/** Binds what is issued to the key of the proof, once the nonce is right. */
function answerLikeProvider(all: Exchange, nonces: readonly string[]): void {
  let wanted = 0;
  all.scene.respond = async (request, response) => {
    const { claims, jwk } = await read(request);
    const nonce = nonces[wanted];
    if (nonce !== undefined && claims['nonce'] !== nonce)
      return sendJson(response, 400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': nonce });
    const key = { crv: jwk?.crv, kty: jwk?.kty, x: jwk?.x, y: jwk?.y };
    const token = boundTo(hash('sha256', JSON.stringify(key), 'base64url'));
    const answer = { access_token: token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
    wanted += 1;
    sendJson(
      response,
      200,
      { ...answer, token_type: 'DPoP', expires_in: 600 },
      { 'dpop-nonce': nonces[wanted] ?? 'last' },
    );
  };
}

describe('a provider that binds tokens', () => {
  test('a first exchange – is repeated with the nonce it wants, with another proof', async () => {
    await using all = await start();
    answerLikeProvider(all, ['n-1']);
    assert.match((await all.header(identity(all.scene.nowMs))) ?? '', /^DPoP e/);
    assert.deepEqual(all.waits, [], 'that is no failure');
    const [first, second] = [await read(all.seen[0]), await read(all.seen[1])];
    assert.deepEqual([all.count(), first.claims['nonce'], second.claims['nonce']], [2, undefined, 'n-1']);
    assert.notEqual(first.claims.jti, second.claims.jti);
    assert.deepEqual([second.claims['htm'], second.claims['ath']], ['POST', undefined]);
    assert.match(String(second.claims['htu']), /\/token$/);
  });
  test('the next exchange – uses the nonce of the last answer, and is one request', async () => {
    await using all = await start();
    answerLikeProvider(all, ['n-1', 'n-2']);
    await all.header(identity(all.scene.nowMs, 'alice'));
    await all.header(identity(all.scene.nowMs, 'bob'));
    assert.equal(all.count(), 3);
    assert.equal((await read(all.seen[2])).claims['nonce'], 'n-2');
  });
  test('many first exchanges at once – each is repeated with the nonce', async () => {
    await using all = await start();
    let waiting = 0;
    const allThere = Promise.withResolvers<void>();
    all.scene.respond = async (request, response) => {
      const { claims, jwk } = await read(request);
      if (claims['nonce'] === 'n-1') {
        const key = { crv: jwk?.crv, kty: jwk?.kty, x: jwk?.x, y: jwk?.y };
        const token = boundTo(hash('sha256', JSON.stringify(key), 'base64url'));
        const answer = { access_token: token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
        return sendJson(response, 200, { ...answer, token_type: 'DPoP', expires_in: 600 });
      }
      waiting += 1;
      if (waiting === 5) allThere.resolve();
      await allThere.promise;
      sendJson(response, 400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'n-1' });
    };
    const users = ['a', 'b', 'c', 'd', 'e'].map((name) => identity(all.scene.nowMs, name));
    for (const header of await Promise.all(users.map((user) => all.header(user)))) assert.match(header ?? '', /^DPoP /);
    assert.equal(all.count(), 10);
  });
  test('one that wants a nonce and another – is not asked for ever', async () => {
    await using all = await start();
    let count = 0;
    all.scene.respond = (_, response) =>
      sendJson(response, 400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': `n-${(count += 1)}` });
    const refusal = await all.refusal(identity(all.scene.nowMs));
    assert.deepEqual([refusal.code, all.count()], ['exchange_misconfigured', 2]);
  });
  test('what is handed out – proves that token with that key, each time anew', async () => {
    await using all = await start();
    answerLikeProvider(all, []);
    const user = identity(all.scene.nowMs);
    const credential = await all.credential.obtain(user, { signal: new AbortController().signal });
    const token = credential.header?.value.reveal().slice('DPoP '.length) ?? '';
    const proof = credential.proof?.prove('GET', 'http://127.0.0.1:1/mcp') ?? '';
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK);
    assert.equal(payload['ath'], hash('sha256', token, 'base64url'));
    assert.deepEqual([payload['htm'], payload['htu']], ['GET', 'http://127.0.0.1:1/mcp']);
    assert.deepEqual(protectedHeader.jwk, (await read(all.seen[0])).jwk);
    const again = await all.credential.obtain(user, { signal: new AbortController().signal });
    assert.deepEqual([again.source, typeof again.proof], ['cached', 'object']);
  });
});

describe('an answer that is not bound to our key', () => {
  const rows: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ['a bearer token', { token_type: 'Bearer' }, /token_type is "Bearer", expected "DPoP"/],
    ['a token bound to no key', { token_type: 'DPoP', access_token: boundTo(undefined) }, /bound to no key/],
    [
      "a token bound to somebody's key",
      { token_type: 'DPoP', access_token: boundTo('x'.repeat(43)) },
      /bound to a key/,
    ],
  ];
  for (const [name, answer, hint] of rows) {
    test(`${name} – is refused`, async () => {
      await using all = await start();
      all.scene.answer = { expires_in: 600, ...answer };
      const refusal = await all.refusal(identity(all.scene.nowMs));
      assert.equal(refusal.code, 'exchange_answer_invalid');
      assert.match(refusal.hint, hint);
    });
  }
});

describe('without --token-exchange-dpop', () => {
  test('a token that is bound all the same – is refused: nobody here could prove its key', async () => {
    await using all = await startExchange();
    all.scene.answer = { access_token: boundTo('x'.repeat(43)) };
    const refusal = await all.refusal(identity(all.scene.nowMs));
    assert.equal(refusal.code, 'exchange_answer_invalid');
    assert.match(refusal.hint, /bound to a key, expected none/);
  });
  test('no proof is sent, and a provider that wants one – is answered by the setting to make', async () => {
    await using all = await startExchange();
    all.scene.respond = (_, response) =>
      sendJson(response, 400, {
        error: 'invalid_dpop_proof',
        error_description: 'The DPoP proof JWT header is missing.',
      });
    const refusal = await all.refusal(identity(all.scene.nowMs));
    assert.equal(all.seen[0]?.headers['dpop'], undefined);
    assert.equal(refusal.code, 'exchange_misconfigured');
    assert.match(refusal.hint, /header is missing\. .*set dpop: true .*--token-exchange-dpop/);
  });
});
