import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSigningKey } from '../../../test/kit/signing-key.ts';
import { pickUsableKeys } from './pick-usable-keys.ts';

const good = makeSigningKey('RS256').jwk;
const elliptic = makeSigningKey('ES256');
const point = Buffer.from(elliptic.jwk.y ?? '', 'base64url');
point[5] = (point[5] ?? 0) ^ 1;

/** A modulus of the form of CVE-2017-15361: a power of 65537 modulo the product of the small primes. */
function rocaModulus(): string {
  const isPrime = (value: number) => ![...Array(value).keys()].some((one) => one > 1 && value % one === 0);
  const product = [...Array(168).keys()]
    .filter((one) => one > 2 && isPrime(one))
    .reduce((all, one) => all * BigInt(one), 1n);
  let modulus = (65_537n ** 7n % product) + ((1n << 2047n) / product + 1n) * product;
  if (modulus % 2n === 0n) modulus += product;
  return Buffer.from(modulus.toString(16), 'hex').toString('base64url');
}

const kept: readonly (readonly [string, unknown])[] = [
  ['an RSA key', good],
  ['an elliptic curve key', elliptic.jwk],
  ['an Ed25519 key', makeSigningKey('EdDSA').jwk],
  ['a key without use, alg and kid', { kty: good.kty, n: good.n, e: good.e }],
  ['a key with members nobody knows', { ...good, x5c: ['…'], future: { a: 1 } }],
];
for (const [name, key] of kept) {
  test(`pickUsableKeys – ${name} – kept`, () => assert.deepEqual(pickUsableKeys({ keys: [key] }), [key]));
}

const ignored: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['text', 'key'],
  ['a list', [good]],
  ['a key without kty', { ...good, kty: undefined }],
  ['a shared secret', { kty: 'oct', k: 'c2VjcmV0c2VjcmV0c2VjcmV0' }],
  ['a key for encryption', { ...good, use: 'enc' }],
  ['an RSA key without modulus', { ...good, n: undefined }],
  ['an RSA key whose modulus is no text', { ...good, n: 42 }],
  ['an RSA key of 1024 bits', makeSigningKey('RS256', 1024).jwk],
  ['an RSA key whose private half can be computed (ROCA)', { ...good, n: rocaModulus() }],
  ['an RSA key with exponent 1', { ...good, e: 'AQ' }],
  ['an RSA key with an even exponent', { ...good, e: 'Ag' }],
  ['a point that is not on its curve', { ...elliptic.jwk, y: point.toString('base64url') }],
  ['a curve nobody knows', { ...elliptic.jwk, crv: 'P-999' }],
  ['a key that publishes its private half', { ...elliptic.privateKey.export({ format: 'jwk' }), alg: 'ES256' }],
];
for (const [name, key] of ignored) {
  test(`pickUsableKeys – ${name} – ignored, the good one beside it kept`, () => {
    assert.deepEqual(pickUsableKeys({ keys: [key, good] }), [good]);
  });
}

for (const body of [undefined, null, 'keys', [], {}, { keys: 'x' }, { keys: {} }, { keys: [] }, { key: [good] }]) {
  test(`pickUsableKeys – ${JSON.stringify(body)?.slice(0, 20) ?? 'nothing'} – no keys`, () => {
    assert.deepEqual(pickUsableKeys(body), []);
  });
}
