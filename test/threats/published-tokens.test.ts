import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { algorithms } from '../../src/authenticators/jwt/schema.ts';
import { assertTokenRefused } from '../kit/assert-refused.ts';
import { neverTaken, verifiable } from '../kit/rfc-tokens.ts';
import { encodePart, makeSigningKey } from '../kit/signing-key.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';
import { startVerifier } from '../kit/start-verifier.ts';

/** The examples of RFC 7515, 7519, 7520, 7797 and 8037, through the authenticator's own steps. */
const verifier = await startVerifier();
const lab = await startTokenLab();
after(async () => {
  await verifier[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

/** What Wycheproof does to a sound token. */
function forgeries(token: string): readonly (readonly [string, string])[] {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const json = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
  const withHeader = (more: Record<string, unknown>) => `${encodePart({ ...json, ...more })}.${payload}.${signature}`;
  return [
    ['no signature', `${header}.${payload}.`],
    ['no signature and no dot', `${header}.${payload}`],
    ['no payload', `${header}..${signature}`],
    ['no payload and no dot', `${header}.${signature}`],
    ['no header', `.${payload}.${signature}`],
    ['a part more', `${token}.`],
    ['a part before', `.${token}`],
    ['another payload', `${header}.${encodePart('{"sub":"mallory"}')}.${signature}`],
    [
      'a character of the payload changed',
      `${header}.${payload.startsWith('e') ? 'f' : 'e'}${payload.slice(1)}.${signature}`,
    ],
    ['padding', `${header}.${payload}.${signature}=`],
    ['a blank before it', ` ${token}`],
    ['a blank behind it', `${token} `],
    ['a line end in the signature', `${header}.${payload}.${signature.slice(0, 9)}\n${signature.slice(9)}`],
    ['a NUL in the signature', `${header}.${payload}.${signature.slice(0, 9)}\u0000${signature.slice(9)}`],
    ['the signature twice', `${token}${signature}`],
    ['the signature cut by a byte', token.slice(0, -4)],
    ['the signature with a zero before it', `${header}.${payload}.AAAA${signature}`],
    ['a signature of zeros', `${header}.${payload}.${'A'.repeat(signature.length)}`],
    ['JSON serialisation', JSON.stringify({ protected: header, payload, signature })],
    ['general JSON serialisation', JSON.stringify({ payload, signatures: [{ protected: header, signature }] })],
    ...['none', 'HS256', 'HS512', ...algorithms]
      .filter((alg) => alg !== json['alg'])
      .map((alg) => [`algorithm ${alg}`, withHeader({ alg })] as const),
    ...[{ crit: ['exp'] }, { b64: false, crit: ['b64'] }, { zip: 'DEF' }, { jwk: {} }].map(
      (more) => [`${Object.keys(more)[0]} in the header`, withHeader(more)] as const,
    ),
  ];
}

for (const [name, key, token] of verifiable) {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const keys = [makeSigningKey('ES384').jwk, key];

  describe(name, () => {
    test('as printed, the key beside others – taken', async () => {
      assert.equal(await verifier.verdict(token, keys), 'taken');
    });
    for (const [forgery, forged] of forgeries(token)) {
      test(`with ${forgery} – refused`, async () => assert.notEqual(await verifier.verdict(forged, keys), 'taken'));
    }
    test('with any bit of the signature changed – refused', async () => {
      const bytes = Buffer.from(signature, 'base64url');
      // Of the long ones of RSA each fifth bit: all of them take seconds.
      for (let bit = 0; bit < bytes.length * 8; bit += bytes.length > 150 ? 5 : 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const forged = `${header}.${payload}.${changed.toString('base64url')}`;
        assert.equal(await verifier.verdict(forged, keys), 'signature', `bit ${bit}`);
      }
    });
    test('its key published for encryption, for another algorithm or not at all – refused', async () => {
      for (const changed of [
        { ...key, use: 'enc' },
        { ...key, alg: 'RS384' },
        { ...key, key_ops: ['encrypt'] },
      ]) {
        assert.notEqual(await verifier.verdict(token, [keys[0], changed]), 'taken', JSON.stringify(changed));
      }
      assert.equal(await verifier.verdict(token, [keys[0]]), 'key unknown');
    });
  });
}

for (const [name, token, verdict] of neverTaken) {
  test(`${name} – refused, and by the gateway as well`, async () => {
    assert.equal(await verifier.verdict(token, [makeSigningKey('ES256').jwk]), verdict);
    if (/[^\u0021-\u007e]/.test(token)) return;
    const code = /^ey[\w-]*\.ey[\w-]+\.[^.]*$/.test(token) ? 'issuer_mismatch' : 'token_malformed';
    await assertTokenRefused(lab, token, { code });
  });
}
