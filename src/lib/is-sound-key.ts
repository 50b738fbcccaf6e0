import type { KeyObject } from 'node:crypto';
import { hasRocaForm } from './has-roca-form.ts';

/** RFC 7518 §3.3. */
const leastRsaBits = 2048;

/** A public key of a size and form that protects anything; keys of curves have theirs by the curve. */
export function isSoundKey(key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa') return true;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  // With the exponent 1 a signature is its own message.
  const isStrong = modulusLength >= leastRsaBits && publicExponent >= 3n && publicExponent % 2n === 1n;
  if (!isStrong) return false;
  const { n = '' } = key.export({ format: 'jwk' });
  return !hasRocaForm(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`));
}
