import { decodeJwt, type JWTPayload } from 'jose';
import { isObject } from '../../../lib/is-object.ts';
import type { SeedApp } from '../../seed/seed-schema.ts';
import { checkProof } from '../check-proof.ts';
import { findApp, isPublic } from '../directory.ts';
import type { Flavour, Parameters, Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { isNonce } from './proof-nonce.ts';
import { refusals } from './refusals.ts';

/** "Such as RS256 or ES256" (…/sender-constraining/demonstrating-proof-of-possession-dpop); how old one may be is ours. */
const rules = { algorithms: ['ES256', 'RS256'], oldestSeconds: 60, aheadSeconds: 60 };

/** The thumbprint of the key that a token request proves. Whether the token is bound to it the API decides.
 * @throws TokenRefusal
 */
export const readProof: NonNullable<Flavour['readProof']> = async (tenant, { headers, method }, asking) => {
  const proof = headers['dpop'];
  if (proof === undefined && !asking.app.requireDpop) return undefined;
  if (typeof proof !== 'string') throw new TokenRefusal(refusals.dpopMissing, 'the app has requireDpop');
  const checked = await checkProof(tenant, { proof, method }, rules);
  if (checked.fault !== undefined)
    throw new TokenRefusal(refusals.dpopInvalid, `${checked.fault}: ${checked.found}`, { why: words[checked.fault] });
  if (wantsNonce(tenant, asking) && !isNonce(tenant, checked.nonce))
    throw new TokenRefusal(refusals.dpopNonceMissing, 'none, or not one of the last minutes');
  return checked.thumbprint;
};

/** Ours, all of them. */
const words = {
  unreadable: 'Invalid DPoP proof',
  type: 'DPoP proof typ must be dpop+jwt',
  algorithm: 'DPoP proof alg is not supported',
  'key-missing': 'DPoP proof has no jwk',
  'key-private': 'DPoP proof jwk must be a public key',
  signature: 'DPoP proof signature verification failed',
  'claims-missing': 'DPoP proof lacks a claim',
  method: 'DPoP proof htm mismatch',
  url: 'DPoP proof htu mismatch',
  time: 'DPoP proof iat is not recent enough',
  used: 'DPoP proof was already used',
} as const;

/** Public clients have to show one, and whoever exchanges what such a client had bound to its key (…/on-behalf-of-token-exchange
 * #token-binding). Whether that token is any good is found out later.
 */
function wantsNonce(tenant: Tenant, { app, parameters }: { readonly app: SeedApp; readonly parameters: Parameters }) {
  return isPublic(app) || comesFromPublic(tenant, parameters['subject_token']);
}

function comesFromPublic(tenant: Tenant, token: string | undefined): boolean {
  const claims = token === undefined ? undefined : decodeClaims(token);
  if (!isObject(claims?.['cnf'])) return false;
  const client = findApp(tenant, String(claims['azp']));
  return client !== undefined && isPublic(client);
}

function decodeClaims(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}
