import {
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  X509Certificate,
  type JsonWebKeyInput,
  type KeyObject,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, findErrorCode } from './describe-error.ts';
import { isObject } from './is-object.ts';
import { isSoundKey } from './is-sound-key.ts';

/** A private key to sign with, and what its file says about it. */
export interface SigningKey {
  readonly key: KeyObject;
  /** JWK `kid`. */
  readonly kid: string | undefined;
  /** JWK `alg`, or the usual one for a key of this kind (RFC 7518 §3.1, RFC 8037 §3.1). */
  readonly alg: string;
}

type Parsed = { readonly signingKey: SigningKey } | { readonly problem: string };

const largestKeyBytes = 64 * 1024;
/** RFC 7518 §3.3. */
const leastRsaBits = 2048;

/** Reads a private key: PEM (PKCS#8, PKCS#1, SEC1) without a passphrase, or a JWK. What is wrong is the end of a sentence
 * about the file, and quotes nothing of it.
 */
export function readPrivateKey(file: string): Parsed {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { problem: `cannot be read: ${describe(error)}` };
  }
  return parsePrivateKey(text);
}

/** As {@link readPrivateKey}, from what stands in the file. */
export function parsePrivateKey(text: string): Parsed {
  if (text.length > largestKeyBytes) return { problem: 'is too large for a private key; is it the right file?' };
  return text.trimStart().startsWith('{') ? parseJwk(text) : parsePem(text);
}

export interface AssertionFiles {
  readonly keyFile: string;
  /** Of the same key. */
  readonly certFile?: string | undefined;
  /** Wanted instead of the usual one. */
  readonly algorithm?: string | undefined;
}

export interface AssertionKey extends SigningKey {
  /** `x5t#S256` of the certificate (RFC 7515 §4.1.8). */
  readonly thumbprint: string | undefined;
}

/** A setting of these, by the name people know it by. */
interface AssertionProblem {
  readonly field: 'clientKeyFile' | 'clientCertFile' | 'clientKeyAlgorithm';
  /** The end of a sentence about it. */
  readonly problem: string;
}

/** Reads what a client signs its assertions with. */
export function readAssertionKey({
  keyFile,
  certFile,
  algorithm,
}: AssertionFiles): { readonly value: AssertionKey } | AssertionProblem {
  const read = readPrivateKey(keyFile);
  if ('problem' in read) return { field: 'clientKeyFile', problem: read.problem };
  const { signingKey } = read;
  const possible = algorithmsOf(signingKey.key);
  if (algorithm !== undefined && !possible.includes(algorithm))
    return { field: 'clientKeyAlgorithm', problem: `the key does not fit; expected one of ${possible.join(', ')}` };
  const key = { ...signingKey, alg: algorithm ?? signingKey.alg };
  if (certFile === undefined) return { value: { ...key, thumbprint: undefined } };
  try {
    const certificate = new X509Certificate(readFileSync(certFile));
    if (!certificate.checkPrivateKey(key.key))
      return { field: 'clientCertFile', problem: 'is the certificate of another key' };
    const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
    return { value: { ...key, thumbprint } };
  } catch (error) {
    const isRead = findErrorCode(error)?.startsWith('ERR_') ?? true;
    const problem = isRead
      ? 'is no certificate; expected PEM text with BEGIN CERTIFICATE'
      : `cannot be read: ${describe(error)}`;
    return { field: 'clientCertFile', problem };
  }
}

/** Algorithms a key can sign with, the usual one first; empty when it cannot be used. */
export function algorithmsOf(key: KeyObject): readonly string[] {
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = key;
  return (type === 'ec' ? ecAlgorithms[details?.namedCurve ?? ''] : otherAlgorithms[type]) ?? [];
}

const otherAlgorithms: Readonly<Record<string, readonly string[]>> = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'rsa-pss': ['PS256', 'PS384', 'PS512'],
  ed25519: ['EdDSA'],
};
const ecAlgorithms: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};

/** RFC 7468 §11, and the older form of RFC 1421 §4.6.1. */
const isEncrypted = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

function parsePem(text: string): Parsed {
  try {
    return withAlgorithm(createPrivateKey(text), undefined, undefined);
  } catch {
    return {
      problem: isEncrypted.test(text)
        ? 'is encrypted; expected a private key without a passphrase'
        : 'is no private key; expected PEM text with BEGIN PRIVATE KEY, or a JWK',
    };
  }
}

function parseJwk(text: string): Parsed {
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    return { problem: 'is no private key; it begins like a JWK, but is no JSON' };
  }
  if (!isObject(jwk)) return { problem: 'is no private key; expected a JWK' };
  if (Array.isArray(jwk['keys'])) return { problem: 'is a set of keys; expected one private JWK' };
  if (jwk['d'] === undefined) return { problem: 'is a public key; expected a private JWK, which has the member d' };
  const { kid, alg } = jwk;
  try {
    const key = createPrivateKey({ key: jwk, format: 'jwk' } satisfies JsonWebKeyInput);
    return withAlgorithm(key, textOf(kid), textOf(alg));
  } catch {
    return { problem: 'is a JWK that cannot be used; expected a private key of kty RSA, EC or OKP' };
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function withAlgorithm(key: KeyObject, kid: string | undefined, wanted: string | undefined): Parsed {
  const possible = algorithmsOf(key);
  const [usual] = possible;
  if (usual === undefined)
    return { problem: 'is a key of a kind nobody signs assertions with; expected RSA, EC or Ed25519' };
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < leastRsaBits)
    return { problem: `is an RSA key of ${bits} bits; expected ${leastRsaBits} at least` };
  if (wanted !== undefined && !possible.includes(wanted))
    return { problem: `is a JWK whose alg does not fit it; expected one of ${possible.join(', ')}` };
  if (!isSoundKey(key)) return { problem: 'is an RSA key of a form that protects nothing; make a new one' };
  if (!isWhole(key)) return { problem: 'is a key whose two halves do not belong together' };
  return { signingKey: { key, kid, alg: wanted ?? usual } };
}

/** Does the public half verify what the private half signs? A JWK holds both, and may hold them of two keys. */
function isWhole(key: KeyObject): boolean {
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const data = Buffer.from('usher');
  try {
    return verify(digest, data, createPublicKey(key), sign(digest, data, key));
  } catch {
    return false;
  }
}
