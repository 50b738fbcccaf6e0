import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { algorithmsOf, readPrivateKey } from '../lib/read-private-key.ts';
import { fail } from '../model/usher-error.ts';

const algorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256'] as const;

/** The key this gateway proves to have (RFC 9449), and what it signs with. */
export interface ProofKey {
  readonly alg: (typeof algorithms)[number];
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
  const read = readPrivateKey(file);
  if ('problem' in read) throw new Error(read.problem);
  const privateKey = read.signingKey.key;
  const [usual] = algorithmsOf(privateKey);
  const alg = algorithms.find((one) => one === usual);
  if (alg === undefined) throw new Error('has a key of a kind that is not used here; expected EC P-256, for example');
  return { alg, privateKey };
}
