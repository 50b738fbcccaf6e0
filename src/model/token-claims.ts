import { isObject } from '../lib/is-object.ts';
import type { TokenClaims } from './caller.ts';

/** The showable part of a token's claims; what has another type than it should is left out.
 * Scopes are `scp` (Okta: array; Entra: string) or `scope` (RFC 9068 §2.2.3: space-separated).
 */
export function pickTokenClaims(claims: Readonly<Record<string, unknown>>): TokenClaims {
  const { iss, aud, sub, oid, exp } = claims;
  // Entra calls it uti.
  const jti = [claims['jti'], claims['uti']].find(isText);
  const scopes = findScopes(claims);
  const clientId = [claims['client_id'], claims['cid'], claims['azp'], claims['appid']].find(isText);
  return {
    ...(isText(iss) ? { iss } : {}),
    ...(isText(aud) || (Array.isArray(aud) && aud.every(isText)) ? { aud } : {}),
    ...(scopes === undefined ? {} : { scp: scopes }),
    ...(isText(sub) ? { sub } : {}),
    ...(isText(oid) ? { oid } : {}),
    ...(jti === undefined ? {} : { jti }),
    ...(typeof exp === 'number' ? { exp } : {}),
    ...(clientId === undefined ? {} : { clientId }),
    ...findActors(claims['act']),
  };
}

const mostActors = 10;

/** RFC 8693 §4.1: each actor names the one before it. */
function findActors(claim: unknown): { readonly act?: readonly string[] } {
  const act: string[] = [];
  for (let actor = claim; isObject(actor) && act.length < mostActors; actor = actor['act']) {
    const name = [actor['sub'], actor['client_id'], actor['azp']].find(isText);
    act.push(name ?? '(unnamed)');
  }
  return act.length === 0 ? {} : { act };
}

/** The scopes a token carries, or undefined when it says nothing about them. */
export function findScopes(claims: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  for (const value of [claims['scp'], claims['scope']]) {
    if (typeof value === 'string') return value.split(' ').filter((scope) => scope !== '');
    if (Array.isArray(value) && value.every(isText)) return value;
  }
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
