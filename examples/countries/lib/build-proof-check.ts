import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWK, jwtVerify } from 'jose';
import type { PresentedToken } from './access-token.ts';

/** A request with an access token that is good by itself. */
export interface ProvenRequest {
  readonly presented: PresentedToken;
  /** The token's claim `cnf`. */
  readonly cnf: unknown;
  /** The `DPoP` header; Node joins several with a comma, which no proof survives. */
  readonly proof: string | undefined;
  /** What the proof has to be for. */
  readonly method: string;
  readonly url: string;
}

/** Why a request may not pass. */
export interface ProofProblem {
  /** RFC 9449 §7.1. */
  readonly error: 'invalid_token' | 'invalid_dpop_proof';
  readonly why: string;
}

/** Undefined when the sender may use the token. Never rejects. */
export type ProofCheck = (request: ProvenRequest) => Promise<ProofProblem | undefined>;

export const proofAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'PS256'];

const maxAgeSeconds = 60;
const clockSkewSeconds = 30;
const mostProofs = 100_000;

/** Builds the check that whoever sends a token has the key it is bound to (RFC 9449 §4.3). A bound token is never taken as
 * Bearer; others are, unless bound ones are required. */
export function buildProofCheck({ isRequired = false }: { readonly isRequired?: boolean } = {}): ProofCheck {
  const isNew = buildReplayCheck();
  return async ({ presented, cnf, proof, method, url }) => {
    if (cnf === undefined) {
      if (presented.isDpop) return invalidToken('it is bound to no key, send it as Bearer');
      return isRequired ? invalidToken('it is bound to no key, which is wanted here (DPoP)') : undefined;
    }
    const jkt = readThumbprint(cnf);
    if (jkt === undefined) return invalidToken('it is bound to a key in a way that is not known here');
    if (!presented.isDpop) return invalidToken('it is bound to a key, send it by the scheme DPoP with a proof');
    if (proof === undefined) return invalidProof('there is none');
    try {
      const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
        typ: 'dpop+jwt',
        algorithms: proofAlgorithms,
        maxTokenAge: maxAgeSeconds,
        clockTolerance: clockSkewSeconds,
        requiredClaims: ['jti', 'htm', 'htu', 'ath'],
      });
      const { jti, htm, htu, ath, iat = 0 } = payload;
      if (typeof jti !== 'string') return invalidProof('its jti is not a text');
      if (htm !== method) return invalidProof(`it is not for the method ${method}`);
      if (!isSameTarget(htu, url)) return invalidProof(`it is not for ${url}`);
      if (ath !== createHash('sha256').update(presented.token).digest('base64url'))
        return invalidProof('it is for another token');
      if ((await thumbprintOf(protectedHeader.jwk)) !== jkt) return invalidProof('its key is not the one of the token');
      const untilMs = (iat + maxAgeSeconds + clockSkewSeconds) * 1000;
      return isNew(`${jkt}.${jti}`, untilMs) ? undefined : invalidProof('it was used before');
    } catch (error) {
      return invalidProof(explain(error));
    }
  };
}

function invalidToken(why: string): ProofProblem {
  return { error: 'invalid_token', why };
}

function invalidProof(why: string): ProofProblem {
  return { error: 'invalid_dpop_proof', why };
}

function readThumbprint(cnf: unknown): string | undefined {
  const jkt = typeof cnf === 'object' && cnf !== null && 'jkt' in cnf ? cnf.jkt : undefined;
  return typeof jkt === 'string' ? jkt : undefined;
}

async function thumbprintOf(jwk: JWK | undefined): Promise<string> {
  return jwk === undefined ? '' : calculateJwkThumbprint(jwk);
}

/** RFC 9449 §4.3 number 9: without query and fragment, in the normal form of URLs. */
function isSameTarget(htu: unknown, url: string): boolean {
  const [found, expected] = [typeof htu === 'string' ? URL.parse(htu) : null, new URL(url)];
  return found !== null && found.origin === expected.origin && found.pathname === expected.pathname;
}

function explain(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it is too old';
  if (error instanceof errors.JWTClaimValidationFailed) return `its ${error.claim} is missing or not right`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature does not fit its key';
  return 'it is not a usable proof';
}

/** RFC 9449 §11.1: a proof is good once. When there are too many to remember no further one is. */
function buildReplayCheck(): (key: string, untilMs: number) => boolean {
  const used = new Map<string, number>();
  return (key, untilMs) => {
    const nowMs = Date.now();
    for (const [one, endMs] of used) {
      if (endMs > nowMs) break;
      used.delete(one);
    }
    if (used.has(key) || used.size >= mostProofs) return false;
    used.set(key, untilMs);
    return true;
  };
}
