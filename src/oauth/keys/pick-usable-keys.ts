import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { z } from 'zod';
import { isSoundKey } from '../../lib/is-sound-key.ts';

/** RFC 7517 §5 as far as it must be kept: members may be of kinds unknown here. */
const keySetSchema = z.looseObject({ keys: z.array(z.unknown()) });
const keySchema = z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']), use: z.literal('sig').exactOptional() });

export type UsableKey = z.output<typeof keySchema>;

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
    return isSoundKey(createPublicKey({ key, format: 'jwk' }));
  } catch {
    return false;
  }
}
