import { createHash } from 'node:crypto';
import { createLocalJWKSet, errors, importJWK, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { publicKeys, type SigningKeys } from './signing-keys.ts';

/** What goes into an access token of Okta's form. */
export interface AccessTokenContent {
  /** What the token is stored under. */
  readonly handle: string;
  readonly issuer: string;
  readonly audience: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly clientId: string;
  /** Absent in tokens without a user, whose `sub` is the client. */
  readonly user: { readonly uid: string; readonly login: string } | undefined;
  readonly scopes: readonly string[];
  readonly authTime: number | undefined;
  /** Thumbprint of the key the token is bound to (RFC 9449 §6.1). */
  readonly jkt: string | undefined;
}

/** Okta's claims in Okta's order; `aud` is one string, scopes are the array `scp`, there is no `scope` and no `act`. */
export function accessTokenClaims(content: AccessTokenContent): JWTPayload {
  const { user } = content;
  return {
    ver: 1,
    jti: `AT.${content.handle}`,
    iss: content.issuer,
    aud: content.audience,
    iat: content.issuedAt,
    exp: content.expiresAt,
    cid: content.clientId,
    ...(user === undefined ? {} : { uid: user.uid }),
    scp: [...content.scopes],
    ...(content.authTime === undefined ? {} : { auth_time: content.authTime }),
    sub: user === undefined ? content.clientId : user.login,
    ...(content.jkt === undefined ? {} : { cnf: { jkt: content.jkt } }),
  };
}

/** Signs as Okta does: the header is `kid` and `alg`, without `typ`. */
export async function signToken(claims: JWTPayload, keys: SigningKeys): Promise<string> {
  const { current } = keys;
  const key = await importJWK(current, current.alg);
  return await new SignJWT(claims).setProtectedHeader({ kid: current.kid, alg: current.alg }).sign(key);
}

/** What verification found: the token's claims, or why it is none of this server's. */
export type Verdict =
  | { readonly state: 'valid'; readonly claims: JWTPayload; readonly handle: string }
  | { readonly state: 'expired' }
  | { readonly state: 'invalid' };

/** Is this an access token of that issuer, signed by one of its keys, and not expired? Whether it was revoked is the
 * store's to say.
 */
export async function verifyAccessToken(token: string, issuer: string, keys: SigningKeys): Promise<Verdict> {
  try {
    const keySet = createLocalJWKSet({ keys: publicKeys(keys).map((key) => ({ ...key })) });
    const { payload } = await jwtVerify(token, keySet, {
      issuer,
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'iat', 'aud', 'jti', 'cid'],
    });
    // ID tokens are signed with the same keys.
    const handle = payload.jti?.startsWith('AT.') === true ? payload.jti.slice('AT.'.length) : undefined;
    return handle === undefined ? { state: 'invalid' } : { state: 'valid', claims: payload, handle };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { state: 'expired' };
    if (error instanceof errors.JOSEError) return { state: 'invalid' };
    throw error;
  }
}

/** OpenID Connect Core §3.1.3.6, for SHA-256. */
export function atHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}
