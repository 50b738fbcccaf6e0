import type { TokenClaims } from '../../model/caller.ts';
import { fail } from '../../model/usher-error.ts';
import { checkClaimSet, type ExpectedClaims } from '../check-claims.ts';
import { quoteValue } from '../quote-value.ts';
import type { Introspected } from './send-introspection.ts';

/** How providers say what kind of token it is, and what an access token is for them. A hint in the request binds nobody: a
 * refresh token or an ID token is active as well, and whoever has one must not pass with it.
 */
const kinds: readonly (readonly [claim: string, accepted: ReadonlySet<string>])[] = [
  // RFC 6749 §7.1; DPoP for one that is bound to a key (RFC 9449 §6.2).
  ['token_type', new Set(['bearer', 'dpop', 'access_token', 'urn:ietf:params:oauth:token-type:access_token'])],
  // Keycloak.
  ['typ', new Set(['bearer', 'jwt', 'at+jwt', 'application/at+jwt'])],
  ['token_use', new Set(['access', 'access_token'])],
];

export interface ExpectedAnswer extends ExpectedClaims {
  /** Are answers taken that do not say what kind of token it is? */
  readonly acceptUntyped: boolean;
}

/** Holds what an issuer says of an active token against the settings, with the rules and refusals of a JWT's claims. The
 * issuer may leave itself out (RFC 7662 §2.2): it is its own endpoint.
 * @returns the claims, with the issuer
 * @throws UsherError of stage authenticate
 */
export function checkIntrospected(
  answer: Introspected,
  expected: ExpectedAnswer,
  shown: TokenClaims,
  nowSeconds: number,
): Introspected {
  const claims = answer['iss'] === undefined ? { ...answer, iss: expected.issuer } : answer;
  const refuse = (found: unknown) => fail('token_type_refused', { found: quoteValue(found) }, { claims: shown });
  // For many that is how a refresh token looks: `token_type` is what clients are told of access tokens.
  if (!expected.acceptUntyped && kinds.every(([claim]) => claims[claim] === undefined)) throw refuse(undefined);
  for (const [claim, accepted] of kinds) {
    const found = claims[claim];
    if (found !== undefined && !(typeof found === 'string' && accepted.has(found.toLowerCase()))) throw refuse(found);
  }
  checkClaimSet(claims, expected, shown, nowSeconds);
  // Bound, it says, and not to what: it must not pass as one that anybody may bear.
  const isBound = String(claims['token_type']).toLowerCase() === 'dpop';
  if (isBound && claims['cnf'] === undefined) throw refuse(claims['token_type']);
  return claims;
}
