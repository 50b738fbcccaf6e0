import { generateKeyPairSync, randomUUID, sign, constants, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';

/** A key pair whose signatures are made byte by byte here, so that a test can sign what no JWT library would. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As an issuer publishes it. */
  readonly jwk: JWK;
}

const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

export function makeSigningKey(alg = 'RS256', rsaBits = 2048): SigningKey {
  const { privateKey, publicKey } = makePair(alg, rsaBits);
  const kid = randomUUID();
  return { alg, kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), alg, kid, use: 'sig' } };
}

function makePair(alg: string, modulusLength: number): { privateKey: KeyObject; publicKey: KeyObject } {
  const namedCurve = curves[alg];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
  return alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength });
}

/** One part of a compact JWS: text and bytes as they are, anything else as JSON; base64url. */
export function encodePart(value: unknown): string {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return bytes.toString('base64url');
}

/** The signature of RFC 7518 §3 over a text, base64url. */
export function signText(alg: string, text: string, key: KeyObject): string {
  const data = Buffer.from(text);
  const digest = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  if (alg.startsWith('PS')) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    return sign(digest, data, { key, padding, saltLength }).toString('base64url');
  }
  return sign(digest, data, alg.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : key).toString('base64url');
}
