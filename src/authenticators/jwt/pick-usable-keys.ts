import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { z } from 'zod';
import { hasRocaForm } from '../../lib/has-roca-form.ts';

/** RFC 7517 §5 as far as it must be kept: members may be of kinds unknown here. */
const keySetSchema = z.looseObject({ keys: z.array(z.unknown()) });
const keySchema = z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']), use: z.literal('sig').exactOptional() });

export type UsableKey = z.output<typeof keySchema>;

/** RFC 7518 §3.3. */
const leastRsaBits = 2048;

/** The keys of a key set that can verify signatures; the others are ignored, as RFC 7517 §5 wants it, so that one bad key
 * does not spoil the rest. Empty when it is no key set.
 */
export function pickUsableKeys(body: unknown): readonly UsableKey[] {
  const parsed = keySetSchema.safeParse(body);
  if (!parsed.success) return [];
  return parsed.data.keys.flatMap((one) => {
    const key = keySchema.safeParse(one);
    return key.success && isSound(key.data) ? [key.data] : [];
  });
}

/** A key that is one, public, and of a size that protects anything. */
function isSound(jwk: UsableKey): boolean {
  // Whoever publishes the private half lets everybody sign.
  if ('d' in jwk) return false;
  try {
    // A JWK's other members are checked where it is read.
    const key: JsonWebKey = { ...jwk };
    const { asymmetricKeyDetails: details } = createPublicKey({ key, format: 'jwk' });
    if (jwk.kty !== 'RSA') return true;
    const { modulusLength = 0, publicExponent = 0n } = details ?? {};
    // With the exponent 1 a signature is its own message.
    const isStrong = modulusLength >= leastRsaBits && publicExponent >= 3n && publicExponent % 2n === 1n;
    return isStrong && !hasRocaForm(BigInt(`0x${Buffer.from(String(jwk['n']), 'base64url').toString('hex')}`));
  } catch {
    return false;
  }
}
