import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { parsePrivateKey, readPrivateKey } from './read-private-key.ts';

const ec = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve });
const [one, other] = [ec(), ec()];
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }).toString();
const jwk = (key: KeyObject, more: object = {}) => JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });
const { x, y } = other.publicKey.export({ format: 'jwk' });
const encrypted = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;

const bad: readonly (readonly [string, string, RegExp])[] = [
  ['nothing', '', /^is no private key; expected PEM text/],
  ['a public key', one.publicKey.export({ format: 'pem', type: 'spki' }).toString(), /^is no private key;/],
  ['a public JWK', jwk(one.publicKey), /^is a public key; expected a private JWK/],
  ['a set of keys', '{"keys":[]}', /^is a set of keys; expected one/],
  ['half a JWK', jwk(one.privateKey).slice(0, 40), /^is no private key; it begins like a JWK/],
  ['a shared secret', '{"kty":"oct","k":"AAAA","d":"AAAA"}', /^is a JWK that cannot be used;/],
  ['a JWK of two keys', jwk(one.privateKey, { x, y }), /two halves do not belong together$/],
  [
    'a JWK with an algorithm of another kind',
    jwk(one.privateKey, { alg: 'RS256' }),
    /alg does not fit it; expected one of ES256$/,
  ],
  ['a key with a passphrase', one.privateKey.export(encrypted).toString(), /^is encrypted;/],
  ['a short RSA key', pem(rsa(1024)), /^is an RSA key of 1024 bits; expected 2048/],
  ['a key to agree on keys with', pem(generateKeyPairSync('x25519').privateKey), /^is a key of a kind nobody signs/],
  ['a curve of no algorithm', pem(ec('secp256k1').privateKey), /^is a key of a kind nobody signs/],
  ['a large file', 'x'.repeat(70_000), /^is too large/],
];
for (const [name, text, problem] of bad) {
  test(`readPrivateKey – ${name} – says what is wrong and quotes nothing`, () => {
    const parsed = parsePrivateKey(text);
    assert.ok('problem' in parsed);
    assert.match(parsed.problem, problem);
    assert.ok(text.length < 20 || !parsed.problem.includes(text.slice(0, 20)));
  });
}

test('readPrivateKey – a file that is not there – says so', () => {
  const read = readPrivateKey('/nonexistent/key.pem');
  assert.deepEqual(read, { problem: 'cannot be read: no such file or folder (ENOENT)' });
});

test('readPrivateKey – a JWK with kid and alg – tells both', () => {
  const parsed = parsePrivateKey(jwk(rsa(2048), { kid: 'a', alg: 'PS384' }));
  assert.ok('signingKey' in parsed);
  assert.deepEqual([parsed.signingKey.kid, parsed.signingKey.alg], ['a', 'PS384']);
});
