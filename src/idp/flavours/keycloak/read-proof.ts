import { checkProof, type ProofFault } from '../check-proof.ts';
import type { Flavour } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { refusals } from './refusals.ts';

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

/** Keycloak's own defaults, a life of 10 s and a clock skew of 15; its nonces are not asked for. */
const rules = { algorithms: proofAlgorithms, oldestSeconds: 25, aheadSeconds: 15 };

/** Those of DPoPUtil. */
const words: Readonly<Record<ProofFault, (found: string) => string>> = {
  unreadable: () => 'DPoP header verification failure',
  type: (found) => `Invalid or missing type in DPoP header: ${found}`,
  algorithm: (found) => `Unsupported DPoP algorithm: ${found}`,
  'key-missing': () => 'No JWK in DPoP header',
  'key-private': () => 'Private key is present in DPoP header',
  signature: () =>
    'DPoP verification failure: org.keycloak.exceptions.TokenSignatureInvalidException: Invalid token signature',
  'claims-missing': () => 'DPoP mandatory claims are missing',
  method: () => 'DPoP HTTP method mismatch',
  url: () => 'DPoP HTTP URL mismatch',
  time: () => 'DPoP proof is not active',
  used: () => 'DPoP proof has already been used',
};

/** The thumbprint of the key that a token request proves (RFC 9449 §5); undefined when it proves none and the client may leave
 * it out.
 * @throws TokenRefusal
 */
export const readProof: NonNullable<Flavour['readProof']> = async (tenant, { headers, method }, { app }) => {
  const proof = headers['dpop'];
  if (proof === undefined && !app.requireDpop) return undefined;
  if (typeof proof !== 'string' || proof.trim() === '')
    throw new TokenRefusal(refusals.dpopMissing, 'the app has requireDpop, or the header is empty');
  const checked = await checkProof(tenant, { proof, method }, rules);
  if (checked.fault === undefined) return checked.thumbprint;
  const why = words[checked.fault](checked.found);
  throw new TokenRefusal(refusals.dpopInvalid, 'the proof in the header DPoP', { why });
};
