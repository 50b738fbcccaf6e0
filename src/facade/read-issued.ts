import { parseJwtParts } from '../lib/jwt-parts.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import { pickTokenClaims } from '../model/token-claims.ts';

/** Whose tokens the provider handed out, for the audit trail. */
export interface Issued {
  readonly who: AuditRecord['who'];
  /** Of the access token; undefined for an opaque one. */
  readonly claims: AuditRecord['caller'];
}

const nameClaims = ['email', 'preferred_username', 'upn', 'name'];

/** What tokens of the provider say about themselves: shown, and never decided on. They came from its own token endpoint, over TLS.
 * @param idToken tells who it is where the access token is opaque
 */
export function readIssued(accessToken: string, idToken: string | undefined): Issued {
  const [access, identity] = [readClaims(accessToken), readClaims(idToken ?? '')];
  const claims = pickTokenClaims(access);
  const { iss, sub, clientId } = Object.keys(claims).length === 0 ? pickTokenClaims(identity) : claims;
  const names = nameClaims.flatMap((claim) => [access[claim], identity[claim]]);
  const name = [...names, sub?.includes('@') === true ? sub : ''].find((one) => typeof one === 'string' && one !== '');
  return {
    who: {
      ...(iss === undefined ? {} : { iss }),
      ...(sub === undefined ? {} : { sub }),
      ...(clientId === undefined ? {} : { client: clientId }),
      ...(typeof name === 'string' ? { name } : {}),
    },
    claims: Object.keys(claims).length === 0 ? undefined : claims,
  };
}

function readClaims(token: string): Readonly<Record<string, unknown>> {
  try {
    return parseJwtParts(token).claims;
  } catch {
    return {}; // an opaque one, or none
  }
}
