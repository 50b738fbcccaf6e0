import { isObject } from '../lib/is-object.ts';
import { parseJwtParts, type JwtParts } from '../lib/jwt-parts.ts';
import { fail } from '../model/usher-error.ts';

/** Tells a signed JWT from an opaque token, so that whose it is can be decided without asking anybody: the parts of a JWT,
 * or undefined for what only its issuer can read, which an encrypted JWT is, too (RFC 7519 §3).
 * @throws UsherError token_malformed for a JWT that is none: it may hold what its issuer meant for others only
 */
export function readShape(callerToken: string): JwtParts | undefined {
  const dot = callerToken.indexOf('.');
  if (dot < 0 || !isJsonObject(callerToken.slice(0, dot)) || callerToken.split('.').length === 5) return undefined;
  try {
    return parseJwtParts(callerToken);
  } catch (cause) {
    throw fail('token_malformed', { reason: cause instanceof Error ? cause.message : 'it is not a JWT' }, { cause });
  }
}

/** Is this base64url of a JSON object, as the header of every JWT is? */
function isJsonObject(part: string): boolean {
  try {
    return isObject(JSON.parse(Buffer.from(part, 'base64url').toString()));
  } catch {
    return false;
  }
}
