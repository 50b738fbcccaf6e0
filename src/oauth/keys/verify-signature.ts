import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters } from 'jose';
// The parts and not the whole: a third of the time it takes to start.
import * as errors from 'jose/errors';
import { compactVerify } from 'jose/jws/compact/verify';

/** Finds the key for a token, as jose wants it. */
export type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** Why a signature is not taken. */
export type Problem = 'key unknown' | 'signature' | 'unusable';

/** Refuses other spellings of the same bytes: padding (RFC 7515 §2), and bits behind the last byte (RFC 4648 §3.5). Decoders
 * overlook both, and every spelling of a token would be another token.
 * @throws SyntaxError that quotes nothing
 */
export function checkSignatureText(signature: string): void {
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature)
    throw new SyntaxError('its signature is not base64url');
}

/** Verifies the signature of a compact JWS (RFC 7515 §5.2) with the key it names, or with each that may be meant. Undefined
 * when it is good.
 */
export async function verifySignature(
  callerToken: string,
  findKey: FindKey,
  algorithms: readonly string[],
): Promise<Problem | undefined> {
  try {
    await compactVerify(callerToken, findKey, { algorithms: [...algorithms] });
    return undefined;
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return tryEach(callerToken, error, algorithms);
    if (error instanceof errors.JWKSNoMatchingKey) return 'key unknown';
    if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
    // DOMException: what Web Crypto throws for a published key that is none.
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)
      return 'unusable';
    throw error;
  }
}

/** A token without kid, and several keys it may have been signed with: any of them will do. */
async function tryEach(
  callerToken: string,
  keys: AsyncIterable<CryptoKey>,
  algorithms: readonly string[],
): Promise<Problem | undefined> {
  for await (const key of keys) {
    const problem = await verifySignature(callerToken, () => Promise.resolve(key), algorithms);
    if (problem === undefined) return undefined;
  }
  return 'signature';
}
