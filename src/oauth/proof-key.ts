import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe } from '../lib/describe-error.ts';
import { isObject } from '../lib/is-object.ts';
import { isSoundKey } from '../lib/is-sound-key.ts';
import { fail } from '../model/usher-error.ts';

/** The key this gateway proves to have (RFC 9449), and what it signs with. */
export interface ProofKey {
  readonly alg: 'ES256' | 'ES384' | 'ES512' | 'EdDSA' | 'RS256';
  readonly privateKey: KeyObject;
}

/** A new one, which ends with the process. */
export function makeProofKey(): ProofKey {
  return { alg: 'ES256', privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
}

/** Reads the one a setting names.
 * @throws UsherError config_invalid
 */
export function requireProofKey(file: string, setting: string): ProofKey {
  try {
    return readProofKey(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fail('config_invalid', { report: `${setting}: ${JSON.stringify(file)} ${reason}` }, { cause });
  }
}

/** Reads one from a file: PEM (PKCS#8, SEC 1, PKCS#1) or a JWK. Nothing of the key is ever quoted.
 * @throws Error whose message is the end of a sentence about the file: `cannot be read: …`
 */
export function readProofKey(file: string): ProofKey {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`cannot be read: ${describe(cause)}`, { cause });
  }
  const privateKey = findPrivateKey(text);
  if (privateKey === undefined)
    throw new Error('has no private key in it; expected PEM text without a passphrase, or a JWK');
  const alg = findAlgorithm(privateKey);
  if (alg === undefined || !isSoundKey(privateKey))
    throw new Error('has a key of a kind that is not used here; expected EC P-256, for example');
  return { alg, privateKey };
}

function findPrivateKey(text: string): KeyObject | undefined {
  try {
    if (!text.trimStart().startsWith('{')) return createPrivateKey(text);
    const jwk: unknown = JSON.parse(text);
    return isObject(jwk) ? createPrivateKey({ key: { ...jwk }, format: 'jwk' }) : undefined;
  } catch {
    return undefined;
  }
}

const curves: Readonly<Record<string, ProofKey['alg']>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

function findAlgorithm({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) {
  if (type === 'rsa') return 'RS256';
  if (type === 'ed25519') return 'EdDSA';
  return type === 'ec' ? curves[details?.namedCurve ?? ''] : undefined;
}
