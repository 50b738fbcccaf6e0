import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from 'jose';
import type { SigningKeys } from './signing-keys.ts';

/** A token of a provider, issued anew: with as long to live as it had, and other claims; without one where it is undefined. */
export async function resignToken(
  token: string,
  changes: Readonly<Record<string, unknown>>,
  { current }: SigningKeys,
): Promise<string> {
  const { typ } = decodeProtectedHeader(token);
  const { iat = 0, exp = 0, ...claims } = decodeJwt(token);
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, exp: now + exp - iat, ...(claims.nbf === undefined ? {} : { nbf: now }) };
  return await new SignJWT({ ...claims, ...times, ...changes })
    .setProtectedHeader({ alg: current.alg, kid: current.kid, ...(typ === undefined ? {} : { typ }) })
    .sign(await importJWK(current, current.alg));
}
