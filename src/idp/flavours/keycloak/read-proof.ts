import type { IncomingMessage } from 'node:http';
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK, type JWK } from 'jose';
import { parseObject } from '../../../lib/parse-object.ts';
import { isObject } from '../../../lib/is-object.ts';
import type { SeedApp } from '../../seed/seed-schema.ts';
import type { Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { refusals } from './refusals.ts';

/** Keycloak's own defaults; its nonces are not asked for. */
const lifetimeSeconds = 10;
const clockSkewSeconds = 15;

/** For proofs, as its metadata names them. */
export const proofAlgorithms = [
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

/** The thumbprint of the key that a token request proves (RFC 9449 §5); undefined when it proves none and the client may leave
 * it out. Checked in the order of DPoPUtil, whose words the refusals are.
 * @throws TokenRefusal
 */
export async function readProof(
  tenant: Tenant,
  { headers, method }: IncomingMessage,
  app: SeedApp,
): Promise<string | undefined> {
  const proof = headers['dpop'];
  if (proof === undefined && !app.requireDpop) return undefined;
  if (typeof proof !== 'string' || proof.trim() === '')
    throw new TokenRefusal(refusals.dpopMissing, 'the app has requireDpop, or the header is empty');
  const jwk = readKey(proof);
  const claims = await readClaims(proof, jwk);
  const { iat, jti, htm, htu } = claims;
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (typeof iat !== 'number' || !isText(jti) || !isText(htm) || !isText(htu))
    throw refuse('DPoP mandatory claims are missing');
  if (htm !== method) throw refuse('DPoP HTTP method mismatch');
  if (htu.replace(/[?#].*$/, '') !== tenant.origin + tenant.layout.token) throw refuse('DPoP HTTP URL mismatch');
  const age = tenant.now() / 1000 - iat;
  if (age > lifetimeSeconds + clockSkewSeconds || age < -clockSkewSeconds) throw refuse('DPoP proof is not active');
  if (!tenant.proofs.take(jti, htu)) throw refuse('DPoP proof has already been used');
  return await calculateJwkThumbprint(jwk);
}

function readKey(proof: string): JWK {
  const { typ, alg, jwk } = decodeHeader(proof);
  if (typ !== 'dpop+jwt') throw refuse(`Invalid or missing type in DPoP header: ${typ ?? 'null'}`);
  if (alg === undefined || !proofAlgorithms.includes(alg)) throw refuse(`Unsupported DPoP algorithm: ${alg ?? 'null'}`);
  if (!isObject(jwk)) throw refuse('No JWK in DPoP header');
  if ('d' in jwk || 'k' in jwk) throw refuse('Private key is present in DPoP header');
  return jwk;
}

function decodeHeader(proof: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(proof);
  } catch {
    throw refuse('DPoP header verification failure');
  }
}

async function readClaims(proof: string, jwk: JWK): Promise<Readonly<Record<string, unknown>>> {
  try {
    const key = await importJWK(jwk, decodeHeader(proof).alg);
    const { payload } = await compactVerify(proof, key, { algorithms: proofAlgorithms });
    return parseObject(new TextDecoder().decode(payload)) ?? {};
  } catch {
    const failure = 'org.keycloak.exceptions.TokenSignatureInvalidException: Invalid token signature';
    throw refuse(`DPoP verification failure: ${failure}`);
  }
}

function refuse(why: string): TokenRefusal {
  return new TokenRefusal(refusals.dpopInvalid, 'the proof in the header DPoP', { why });
}
