import { createHash } from 'node:crypto';
import { createLocalJWKSet, EncryptJWT, errors, importJWK, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { publicKeys } from '../signing-keys.ts';
import type { Tenant, TokenContent } from './flavour.ts';

/** A JWT of this tenant. */
export async function signToken(tenant: Tenant, claims: JWTPayload, header: Record<string, string>): Promise<string> {
  const { current } = tenant.keys();
  const key = await importJWK(current, current.alg);
  return await new SignJWT(claims).setProtectedHeader({ ...header, alg: current.alg, kid: current.kid }).sign(key);
}

/** An access token, in the form it is issued in. */
export async function protectToken(tenant: Tenant, { header, claims, protection }: TokenContent): Promise<string> {
  if (protection === undefined) return await signToken(tenant, claims, header);
  const secret = createHash('sha256').update(tenant.secret).digest();
  return protection === 'secret'
    ? await new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(secret)
    : await new EncryptJWT(claims).setProtectedHeader({ ...header, alg: 'dir', enc: 'A256GCM' }).encrypt(secret);
}

export type Verdict =
  | { readonly state: 'valid'; readonly claims: JWTPayload }
  | { readonly state: 'expired'; readonly claims: JWTPayload }
  | { readonly state: 'invalid' };

/** Did this tenant sign it, for whomever, and is it still good? */
export async function verifyToken(tenant: Tenant, token: string): Promise<Verdict> {
  try {
    const keys = createLocalJWKSet({ keys: publicKeys(tenant.keys()).map((key) => ({ ...key })) });
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'iat', 'sub'],
      currentDate: new Date(tenant.now()),
    });
    return { state: 'valid', claims: payload };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { state: 'expired', claims: error.payload };
    if (error instanceof errors.JOSEError) return { state: 'invalid' };
    throw error;
  }
}
