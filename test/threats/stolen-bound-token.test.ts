import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertRefused, type Expected } from '../kit/assert-refused.ts';
import { post, toolCall } from '../kit/call.ts';
import { makeDpopClient, type ProofChanges } from '../kit/dpop-client.ts';
import { rawPost, readRawAnswer, sendRaw } from '../kit/send-raw.ts';
import { makeSigningKey, signText } from '../kit/signing-key.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** Somebody has a token that is bound to a key (RFC 9449), perhaps a proof as well, and not the key. */
const lab = await startTokenLab();
after(() => lab[Symbol.asyncDispose]());
const { mcpUrl, port } = lab.gateway;
const resourceUrl = lab.gateway.servers[0]?.resourceUrl ?? '';
const alice = makeDpopClient();
const token = lab.token({ claims: { cnf: alice.cnf } });
const request = { url: resourceUrl, token };
const nowSeconds = () => Math.floor(Date.now() / 1000);
const invalid: Expected = {
  code: 'dpop_proof_invalid',
  challenge: 'invalid_dpop_proof',
  scheme: 'DPoP',
  secrets: [token],
};

const send = (headers: Record<string, string>) => post(mcpUrl, undefined, toolCall(), headers);

test('a bound token with its proof – taken, and neither goes on', async () => {
  const proof = alice.proof(request);
  const response = await send({ authorization: `DPoP ${token}`, dpop: proof });
  assert.equal(response.status, 200, await response.text());
  const seen = JSON.stringify(lab.upstream.seen.at(-1)?.headers);
  assert.ok(!/dpop/i.test(seen) && !seen.includes(token), seen);
});

test('a bound token as Bearer – refused, with a challenge that says how', async () => {
  const expected: Expected = { code: 'token_bound', scheme: 'DPoP', secrets: [token] };
  await assertRefused(lab, () => post(mcpUrl, token), expected);
  await assertRefused(lab, () => post(mcpUrl, token, toolCall(), { dpop: alice.proof(request) }), expected);
});

test('an unbound token by the scheme DPoP – refused, proof or not', async () => {
  const unbound = lab.token();
  const expected: Expected = { code: 'token_not_bound', scheme: 'DPoP', secrets: [unbound] };
  await assertRefused(lab, () => send({ authorization: `DPoP ${unbound}` }), expected);
  await assertRefused(lab, () => send(alice.headers({ url: resourceUrl, token: unbound })), expected);
});

test('a proof that was used – refused the second time, also many at once', async () => {
  const headers = alice.headers(request);
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await send(headers)).status));
  assert.deepEqual(
    statuses.toSorted((a, b) => a - b),
    [200, ...Array.from({ length: 7 }, () => 401)],
  );
  const { message } = await assertRefused(lab, () => send(headers), invalid);
  assert.match(message, /it was used before/);
});

test('two users with the same jti – both are taken', async () => {
  const bob = makeDpopClient();
  const bobs = { url: resourceUrl, token: lab.token({ claims: { cnf: bob.cnf, sub: 'bob@example.com' } }) };
  const claims = { claims: { jti: 'one' } };
  const answers = [await send(alice.headers(request, claims)), await send(bob.headers(bobs, claims))];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
});

describe('a proof that is not for this', () => {
  const mallory = makeDpopClient();
  const rows: readonly (readonly [string, ProofChanges, RegExp])[] = [
    ['of another method', { claims: { htm: 'GET' } }, /htm/],
    ['of a method in other case', { claims: { htm: 'post' } }, /htm/],
    ['without a method', { claims: { htm: undefined } }, /htm/],
    ['for another URL', { claims: { htu: 'https://evil.example/mcp' } }, /htu/],
    ['for the address of the listener', { claims: { htu: mcpUrl } }, /htu/],
    ['for another path', { claims: { htu: `${resourceUrl}/` } }, /htu/],
    ['without a URL', { claims: { htu: undefined } }, /htu/],
    ['for a list of URLs', { claims: { htu: [resourceUrl] } }, /htu/],
    ['for another token', { claims: { ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo' } }, /ath/],
    ['for no token', { claims: { ath: undefined } }, /ath/],
    ['without a jti', { claims: { jti: undefined } }, /jti/],
    ['with an empty jti', { claims: { jti: '' } }, /jti/],
    ['without a time', { claims: { iat: undefined } }, /iat/],
    ['with a time that is text', { claims: { iat: String(nowSeconds()) } }, /iat/],
    ['that is stale', { claims: { iat: nowSeconds() - 91 } }, /too old/],
    ['that is from the future', { claims: { iat: nowSeconds() + 40 } }, /future/],
    ['of another type', { header: { typ: 'JWT' } }, /typ/],
    ['of no type', { header: { typ: undefined } }, /typ/],
    ['with a critical extension', { header: { crit: ['x'], x: 1 } }, /crit/],
    ['without a key', { header: { jwk: undefined } }, /jwk/],
    ['with a key that is text', { header: { jwk: 'key' } }, /jwk/],
    ['unsigned', { header: { alg: 'none' } }, /algorithm/],
    ['signed with a shared secret', { header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } } }, /algorithm/],
    ['with the algorithm of another curve', { header: { alg: 'ES384' } }, /not a usable key/],
    [
      'of another key',
      { header: { jwk: mallory.key.publicKey.export({ format: 'jwk' }) }, signer: mallory.key },
      /bound/,
    ],
    ["signed with another key, naming the client's", { signer: mallory.key }, /signature/],
  ];
  for (const [name, changes, reason] of rows) {
    test(`a proof ${name} – refused`, async () => {
      const { message } = await assertRefused(lab, () => send(alice.headers(request, changes)), invalid);
      assert.match(message, reason);
    });
  }
  const otherKeys: readonly (readonly [string, Record<string, unknown>])[] = [
    ['a chain of certificates (x5c)', { x5c: ['MIIB'] }],
    ['the address of keys (jku)', { jku: `${lab.issuer.server.url}/evil-keys` }],
    ['the address of certificates (x5u)', { x5u: `${lab.issuer.server.url}/evil-keys` }],
  ];
  for (const [name, header] of otherKeys) {
    test(`a proof with ${name} – refused, and nothing is fetched`, async () => {
      await assertRefused(lab, () => send(alice.headers(request, { header })), invalid);
      const jwk = { ...alice.key.publicKey.export({ format: 'jwk' }), ...header };
      await assertRefused(lab, () => send(alice.headers(request, { header: { jwk } })), invalid);
      assert.equal(lab.issuer.count('/evil-keys'), 0);
    });
  }
  test('a proof with the private key in it – refused, and the key is nowhere', async () => {
    const jwk = alice.key.privateKey.export({ format: 'jwk' });
    const secrets = [token, String(jwk.d)];
    await assertRefused(lab, () => send(alice.headers(request, { header: { jwk } })), { ...invalid, secrets });
  });
  test('a proof with a key that is none – refused', async () => {
    const good = alice.key.publicKey.export({ format: 'jwk' });
    const { n, e } = makeSigningKey('RS256', 1024).publicKey.export({ format: 'jwk' });
    for (const jwk of [{ ...good, y: good.x }, { kty: 'EC' }, { kty: 'RSA', n, e }, { ...good, use: 'enc' }])
      await assertRefused(lab, () => send(alice.headers(request, { header: { jwk } })), invalid);
  });
  test('a proof in another spelling of its signature – is still used', async () => {
    const [header = '', claims = '', signature = ''] = alice.proof(request).split('.');
    const changed = Buffer.from(signature, 'base64url');
    // Without its low-s form an ECDSA signature has a twin: the same message under the same key.
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const twin = order - BigInt(`0x${changed.subarray(32).toString('hex')}`);
    changed.write(twin.toString(16).padStart(64, '0'), 32, 'hex');
    const [first, second] = [signature, changed.toString('base64url')].map((one) => `${header}.${claims}.${one}`);
    assert.equal((await send({ authorization: `DPoP ${token}`, dpop: first ?? '' })).status, 200);
    await assertRefused(lab, () => send({ authorization: `DPoP ${token}`, dpop: second ?? '' }), invalid);
  });
});

describe('how it is carried', () => {
  const raw = async (lines: readonly string[]) =>
    readRawAnswer(await sendRaw(port, rawPost(['connection: close', ...lines], JSON.stringify(toolCall()))));
  test('no proof – refused', async () => {
    const { message } = await assertRefused(lab, () => send({ authorization: `DPoP ${token}` }), invalid);
    assert.match(message, /there is none/);
  });
  test('two proofs, each good – refused', async () => {
    const lines = [`authorization: DPoP ${token}`, `dpop: ${alice.proof(request)}`, `DPoP: ${alice.proof(request)}`];
    const { message } = await assertRefused(lab, () => raw(lines), invalid);
    assert.match(message, /2 DPoP headers/);
  });
  test('two proofs in one header, an empty one, no JWT – refused', async () => {
    const values = [`${alice.proof(request)}, ${alice.proof(request)}`, '', 'x', 'a.b.c', `${alice.proof(request)}.x`];
    for (const dpop of values)
      await assertRefused(lab, () => raw([`authorization: DPoP ${token}`, `dpop: ${dpop}`]), invalid);
  });
  test('a proof of 9 KiB – refused', async () => {
    const huge = alice.headers(request, { claims: { filler: 'x'.repeat(7_000) } });
    const { message } = await assertRefused(lab, () => send(huge), invalid);
    assert.match(message, /longer than 8192/);
  });
  test('claims that are no object, or a name twice – refused', async () => {
    const text = JSON.stringify({ htm: 'POST' }).slice(0, -1);
    for (const claims of ['[]', '"x"', `${text},"htm":"GET"}`])
      await assertRefused(lab, () => send(alice.headers(request, { claims })), invalid);
  });
  test('another Host and X-Forwarded-Host – change nothing: the configured URL counts', async () => {
    const url = 'https://gateway.example/mcp';
    const headers = {
      ...alice.headers({ url, token }),
      'x-forwarded-host': 'gateway.example',
      'x-forwarded-proto': 'https',
    };
    await assertRefused(lab, () => send(headers), invalid);
    const good = rawPost(
      ['connection: close', `authorization: DPoP ${token}`, `dpop: ${alice.proof(request)}`],
      JSON.stringify(toolCall()),
    ).replace('host: localhost', `host: 127.0.0.1:1`);
    assert.match(await sendRaw(port, good), /^HTTP\/1\.1 200 /);
  });
  test('the scheme in other case, the URL in another spelling – taken', async () => {
    const url = resourceUrl.replace('http://localhost', 'HTTP://LOCALHOST');
    const headers = alice.headers({ url: `${url}?x=1#top`, token });
    const response = await send({ ...headers, authorization: `dpop ${token}` });
    assert.equal(response.status, 200, await response.text());
  });
});

for (const alg of ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'PS256', 'PS512']) {
  test(`a proof with ${alg} – taken; with its signature cut, refused`, async () => {
    const client = makeDpopClient(alg);
    const bound = { url: resourceUrl, token: lab.token({ claims: { cnf: client.cnf } }) };
    const response = await send(client.headers(bound));
    assert.equal(response.status, 200, await response.text());
    const cut = client.proof(bound).slice(0, -8);
    const expected = { ...invalid, secrets: [bound.token] };
    await assertRefused(lab, () => send({ authorization: `DPoP ${bound.token}`, dpop: cut }), expected);
  });
}

test('a proof that is another JWT of the same key – refused', async () => {
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt' })).toString('base64url');
  const text = `${header}.${alice.proof(request).split('.')[1]}`;
  const dpop = `${text}.${signText('ES256', text, alice.key.privateKey)}`;
  await assertRefused(lab, () => send({ authorization: `DPoP ${token}`, dpop }), invalid);
});
