import { hash } from 'node:crypto';
import { parseJwtParts } from '../../lib/jwt-parts.ts';
import type { Caller } from '../../model/caller.ts';
import { pickTokenClaims } from '../../model/token-claims.ts';
import { findFreshUntil, type TokenLife } from '../../oauth/token-life.ts';
import type { KeptLogin } from './kept-login.ts';

/** The operator's token as it is used now. */
export interface OperatorToken extends TokenLife {
  readonly accessToken: string;
  /** The operator as if they called: for the exchange, which acts for them. */
  readonly caller: Caller;
}

/** The token of a login. What it says of itself is shown, and never decided on: it came from its own token endpoint. */
export function buildOperatorToken(login: KeptLogin, nowMs: number): OperatorToken {
  const { accessToken, issuer, clientId, personName } = login;
  const claims = readClaims(accessToken);
  const shown = pickTokenClaims(claims);
  const endMs = login.expiresAtMs ?? (shown.exp === undefined ? undefined : shown.exp * 1000);
  const subject = login.subject ?? shown.sub ?? 'operator';
  const caller: Caller = Object.freeze({
    issuer,
    subject,
    clientId,
    name: personName ?? (subject.includes('@') ? subject : undefined),
    scopes: new Set(shown.scp),
    principal: JSON.stringify([issuer, subject, clientId]),
    tokenClaims: claims,
    claims: Object.freeze({ ...shown, ...(shown.iss === undefined ? { iss: issuer } : {}), sub: shown.sub ?? subject }),
    expiresAtMs: endMs ?? Number.POSITIVE_INFINITY,
    acceptedUntilMs: endMs ?? Number.POSITIVE_INFINITY,
    tokenDigest: hash('sha256', accessToken, 'base64url'),
    jkt: undefined,
  });
  return { accessToken, caller, fromMs: nowMs, freshUntilMs: findFreshUntil(endMs ?? Number.POSITIVE_INFINITY, nowMs) };
}

function readClaims(accessToken: string): Readonly<Record<string, unknown>> {
  try {
    return parseJwtParts(accessToken).claims;
  } catch {
    return {}; // an opaque one
  }
}
