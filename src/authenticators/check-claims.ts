import type { TokenClaims } from '../model/caller.ts';
import type { JwtParts } from '../lib/jwt-parts.ts';
import { isObject } from '../lib/is-object.ts';
import { fail } from '../model/usher-error.ts';
import { quoteValue } from './quote-value.ts';

/** What the claims of a token have to say, however they came here. */
export interface ExpectedClaims {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly clockSkewSeconds: number;
}

/** What a JWT has to say about itself. */
export interface Expectations extends ExpectedClaims {
  readonly algorithms: readonly string[];
}

/** RFC 9068 §2.1, and what providers that predate it send (Okta: nothing). An ID token of a careful provider says JWT too;
 * its audience tells it apart.
 */
const acceptedTypes = new Set(['jwt', 'at+jwt', 'application/at+jwt', 'application/jwt']);

/** Checks everything about a token but its signature, cheapest first, so that a flood of bad tokens costs no cryptography
 * (RFC 8725 §3, RFC 9068 §4).
 * @throws UsherError of stage authenticate, with the claims for the audit trail
 */
export function checkClaims(parts: JwtParts, expected: Expectations, shown: TokenClaims, nowSeconds: number): void {
  checkHeader(parts.header, expected.algorithms, shown);
  checkClaimSet(parts.claims, expected, shown, nowSeconds);
}

/** Checks claims, out of a token or out of its issuer's answer about it (RFC 7662 §2.2 uses those of RFC 7519).
 * @throws UsherError of stage authenticate, with the claims for the audit trail
 */
export function checkClaimSet(
  claims: Readonly<Record<string, unknown>>,
  expected: ExpectedClaims,
  shown: TokenClaims,
  nowSeconds: number,
): void {
  const { iss, aud, sub, exp, nbf, iat, cnf } = claims;
  const extra = { claims: shown };

  // Byte for byte, and a string: an array that happens to hold the issuer is not the issuer.
  if (iss !== expected.issuer)
    throw fail('issuer_mismatch', { found: quoteValue(iss), expected: quoteValue(expected.issuer) }, extra);
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audiences.some((one) => typeof one === 'string' && expected.audience.includes(one))) {
    throw fail(
      'audience_mismatch',
      { found: quoteValue(aud), expected: expected.audience.map(quoteValue).join(' or ') },
      extra,
    );
  }
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw claimInvalid('exp', 'is missing or not a number', shown);
  if (nowSeconds >= exp + expected.clockSkewSeconds) throw fail('token_expired', { expiredAt: dateTime(exp) }, extra);
  for (const [claim, value] of [
    ['nbf', nbf],
    ['iat', iat],
  ] as const) {
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw claimInvalid(claim, 'is not a number', shown);
    // A token from the future is a clock that is wrong somewhere; RFC 7519 asks for nbf only, iat is read the same way.
    if (nowSeconds < value - expected.clockSkewSeconds)
      throw fail('token_not_yet_valid', { notBefore: dateTime(value) }, extra);
  }
  // RFC 7800 §3.1: of the ways to bind a token to a key only the one that is asked about later (RFC 9449 §6.1). Whoever took
  // a token bound in another way (RFC 8705 §3) from its owner has no key, and here nobody would ask for it.
  if (cnf !== undefined && findThumbprint(cnf) === undefined)
    throw claimInvalid('cnf', 'binds the token to a key in a way that is not checked here, expected jkt alone', shown);
  if (typeof sub !== 'string' || sub === '') throw claimInvalid('sub', 'is missing or not a string', shown);
}

/** The thumbprint of the key a token is bound to, where `cnf` says this and nothing else. */
export function findThumbprint(cnf: unknown): string | undefined {
  if (!isObject(cnf) || Object.keys(cnf).length !== 1) return undefined;
  const { jkt } = cnf;
  return typeof jkt === 'string' && /^[A-Za-z0-9_-]{43}$/.test(jkt) ? jkt : undefined;
}

/** Checks what a token's header says: one of the algorithms, an access token, nothing that would have to be understood.
 * @throws UsherError of stage authenticate
 */
export function checkHeader(header: JwtParts['header'], algorithms: readonly string[], shown: TokenClaims): void {
  const { alg, typ, crit, b64, kid } = header;
  const malformed = (reason: string) => fail('token_malformed', { reason }, { claims: shown });
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    throw fail(
      'token_algorithm_refused',
      { found: quoteValue(alg), expected: algorithms.join(', ') },
      { claims: shown },
    );
  }
  if (typ !== undefined && (typeof typ !== 'string' || !acceptedTypes.has(typ.toLowerCase()))) {
    throw fail('token_type_refused', { found: quoteValue(typ) }, { claims: shown });
  }
  // RFC 7515 §4.1.11: extensions that must be understood. None are.
  if (crit !== undefined) throw malformed('its header has critical extensions (crit), which are never taken');
  // RFC 7797 §7: a JWT does not use it.
  if (b64 !== undefined) throw malformed('its header has b64, which a JWT must not use');
  // RFC 7515 §4.1.4. Without this, a key would be looked for as if there were no kid.
  if (kid !== undefined && typeof kid !== 'string') throw malformed('the kid in its header is not a string');
}

function claimInvalid(claim: string, reason: string, shown: TokenClaims): Error {
  return fail('token_claim_invalid', { claim, reason }, { claims: shown });
}

function dateTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}
