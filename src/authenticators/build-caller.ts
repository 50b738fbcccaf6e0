import { hash } from 'node:crypto';
import type { Caller } from '../model/caller.ts';
import { pickTokenClaims } from '../model/token-claims.ts';
import { findThumbprint } from './check-claims.ts';

/** Claims that name a person, best first; only shown, never decided on. `username` is RFC 7662's. */
const nameClaims = ['email', 'preferred_username', 'upn', 'name', 'username'] as const;

/** The caller of a token whose claims were checked. */
export function buildCaller(
  callerToken: string,
  claims: Readonly<Record<string, unknown>>,
  { clockSkewSeconds }: { readonly clockSkewSeconds: number },
): Caller {
  const shown = pickTokenClaims(claims);
  const subject = String(claims['sub']);
  const name = nameClaims.map((claim) => claims[claim]).find((value) => typeof value === 'string' && value !== '');
  return Object.freeze({
    issuer: String(claims['iss']),
    subject,
    clientId: shown.clientId,
    name: typeof name === 'string' ? name : subject.includes('@') ? subject : undefined,
    scopes: new Set(shown.scp),
    principal: JSON.stringify([claims['iss'], subject, shown.clientId ?? null]),
    tokenClaims: claims,
    claims: Object.freeze(shown),
    expiresAtMs: Number(claims['exp']) * 1000,
    acceptedUntilMs: (Number(claims['exp']) + clockSkewSeconds) * 1000,
    tokenDigest: hash('sha256', callerToken, 'base64url'),
    jkt: findThumbprint(claims['cnf']),
  });
}
