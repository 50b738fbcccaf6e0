import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { makeProofKey, readProofKey, type ProofKey } from './proof-key.ts';
import { Prover } from './prover.ts';

const url = 'https://api.example.com/graphql';
const folder = mkdtempSync(join(tmpdir(), 'usher-test-'));
after(() => rmSync(folder, { recursive: true }));

/** As somebody else's library reads it. */
const read = (proof: string) => jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' });

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe('a proof', () => {
  test('for a token endpoint – names method and URL, is signed with the key in it, which is public', async () => {
    const prover = new Prover(makeProofKey(), () => 1_700_000_000_500);
    const { payload, protectedHeader } = await read(prover.prove({ method: 'POST', url: `${url}?x=1#y` }));
    const { jti, ...rest } = payload;
    assert.deepEqual(rest, { htm: 'POST', htu: url, iat: 1_700_000_000 });
    assert.match(jti ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(protectedHeader.alg, 'ES256');
    assert.ok(protectedHeader.jwk !== undefined && !('d' in protectedHeader.jwk));
    assert.equal(await calculateJwkThumbprint(protectedHeader.jwk), prover.thumbprint);
  });
  test('for a token – names it; two of them differ', async () => {
    const prover = new Prover(makeProofKey(), Date.now);
    const proofs = prover.forToken('the-token');
    const [first, second] = [proofs.prove('GET', url), proofs.prove('GET', url)];
    assert.equal((await read(first)).payload['ath'], hash('sha256', 'the-token', 'base64url'));
    assert.notEqual((await read(first)).payload.jti, (await read(second)).payload.jti);
  });
  test('for a server that hands it on – is for the service behind, whatever is asked', async () => {
    const proofs = new Prover(makeProofKey(), Date.now).forToken('the-token', url);
    const { payload } = await read(proofs.prove('GET', 'http://127.0.0.1:8091/mcp'));
    assert.deepEqual([payload['htm'], payload['htu']], ['POST', url]);
  });
  test('after an answer with a nonce – holds it, for that origin only', async () => {
    const prover = new Prover(makeProofKey(), Date.now);
    const nonceAt = async (where: string) =>
      (await read(prover.prove({ method: 'POST', url: where }))).payload['nonce'];
    const [first, second] = [prover.prove({ method: 'POST', url }), prover.prove({ method: 'POST', url })];
    assert.equal(prover.learnNonce(url, 'n-1', first), true);
    assert.equal(prover.learnNonce(url, 'n-1', second), true, 'sent at the same time: it did not hold it either');
    const third = prover.prove({ method: 'POST', url });
    assert.equal(prover.learnNonce(url, 'n-1', third), false, 'nothing new');
    for (const bad of [undefined, '', 'a b', 'a"b', 'a\r\nb', 'x'.repeat(2_000), ['n-2']])
      assert.equal(prover.learnNonce(url, bad, first), false);
    assert.equal(await nonceAt('https://api.example.com/other'), 'n-1');
    assert.equal(await nonceAt('https://api.example.com:444/'), undefined);
  });
});

describe('a key from a file', () => {
  const rows: readonly (readonly [string, ReturnType<typeof generateKeyPairSync>, ProofKey['alg']])[] = [
    ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ES384'],
    ['Ed25519', generateKeyPairSync('ed25519'), 'EdDSA'],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'],
  ];
  for (const [name, { privateKey, publicKey }, alg] of rows) {
    test(`${name}, as PEM and as JWK – is the same key`, async () => {
      const pem = fileOf(`${name}.pem`, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
      const jwk = fileOf(`${name}.json`, JSON.stringify(privateKey.export({ format: 'jwk' })));
      const expected = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }));
      for (const file of [pem, jwk]) {
        const prover = new Prover(readProofKey(file), Date.now);
        assert.equal(prover.thumbprint, expected);
        const { protectedHeader } = await read(prover.prove({ method: 'POST', url }));
        assert.equal(protectedHeader.alg, alg);
      }
    });
  }
  test('what is none – is refused, and not quoted', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const texts = [
      '',
      'text-of-somebody',
      '{"kty":"EC","crv":"P-256"}',
      '[]',
      createPublicKey(weak).export({ format: 'pem', type: 'spki' }).toString(),
      weak.export({ format: 'pem', type: 'pkcs8' }).toString(),
      privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    ];
    for (const text of texts) {
      const file = fileOf('bad', text);
      assert.throws(
        () => readProofKey(file),
        (error: unknown) =>
          error instanceof Error &&
          /^is (no private key|a public key|a key of a kind|an RSA key of 1024 bits)/.test(error.message) &&
          (text === '' || !error.message.includes(text)),
      );
    }
    assert.throws(() => readProofKey(join(folder, 'missing')), /^Error: cannot be read: /);
  });
});
