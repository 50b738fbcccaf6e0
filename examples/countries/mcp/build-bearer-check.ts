import type { AuthInfo } from '@modelcontextprotocol/server';
import { decodeJwt, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { type PresentedToken, readAccessToken } from '../lib/access-token.ts';
import { buildProofCheck } from '../lib/build-proof-check.ts';
import { messageOf } from '../lib/message-of.ts';
import type { AuthConfig } from './config-schema.ts';
import { findKeys } from './find-keys.ts';

/** Why a request may not pass. `reason` may be shown to the caller, `hint` is for the operator. */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  readonly error?: 'invalid_token' | 'insufficient_scope' | 'invalid_dpop_proof';
  /** Is it about the key a token is bound to? */
  readonly isDpop?: boolean;
  readonly reason: string;
  readonly hint?: string;
}

/** What of a request says who sent it. */
export interface CheckedRequest {
  readonly authorization: string | undefined;
  /** The `DPoP` header. */
  readonly proof: string | undefined;
  /** What a proof has to be for (RFC 9449 §4.3): the API, where token and proof are handed on to it. */
  readonly target: { readonly method: string; readonly url: string };
}

/** Checks one request. Never rejects. */
export type BearerCheck = (request: CheckedRequest) => Promise<{ auth: AuthInfo } | { refusal: Refusal }>;

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Builds the check of `transport.auth`: signature by the issuer's keys, issuer, audience, expiry, scopes; for a token that is
 * bound to a key, the proof of it.
 * Metadata and keys are fetched with the first token and kept. */
export function buildBearerCheck(config: AuthConfig): BearerCheck {
  const issuers = new Set(config.issuers ?? config.servers);
  const keysOf = rememberKeys();
  const checkProof = buildProofCheck();
  return async ({ authorization, proof, target }) => {
    const presented = readAccessToken(authorization);
    if (presented === undefined) return { refusal: { status: 401, reason: 'No access token was sent' } };
    if ('malformed' in presented) return { refusal: invalidToken(presented.malformed) };
    try {
      const { token } = presented;
      const issuer = readIssuer(token);
      if (issuer === undefined || !issuers.has(issuer))
        return { refusal: invalidToken('its issuer is not trusted here') };
      const { payload } = await jwtVerify(token, await keysOf(issuer), {
        algorithms,
        issuer,
        audience: config.audiences,
        requiredClaims: ['exp', 'sub'],
      });
      const scopes = readScopes(payload);
      if (!satisfies(scopes, config)) {
        const reason = `Cannot answer: the token lacks a scope, wanted ${config.scopes.join(' ')}`;
        return { refusal: { status: 403, error: 'insufficient_scope', reason } };
      }
      const problem = await checkProof({ presented, cnf: payload['cnf'], proof, ...target });
      if (problem !== undefined) {
        const what = problem.error === 'invalid_token' ? 'token' : 'proof of possession';
        const reason = `Cannot verify the ${what}: ${problem.why}`;
        return { refusal: { status: 401, error: problem.error, reason, isDpop: true } };
      }
      return { auth: buildAuthInfo(presented, payload, { scopes, proof }) };
    } catch (error) {
      return { refusal: explainFailure(error, config) };
    }
  };
}

/** Looks keys up once for each issuer; a failed look-up is forgotten. */
function rememberKeys(): (issuer: string) => Promise<JWTVerifyGetKey> {
  const known = new Map<string, Promise<JWTVerifyGetKey>>();
  return (issuer) => {
    const remembered = known.get(issuer);
    if (remembered !== undefined) return remembered;
    const looking = findKeys(issuer);
    known.set(issuer, looking);
    looking.catch(() => known.delete(issuer));
    return looking;
  };
}

function readIssuer(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

/** `scope` (RFC 9068 §2.2.3) or, as Okta has it, `scp`. */
function readScopes({ scope, scp }: JWTPayload): string[] {
  const value = scope ?? scp;
  const words = typeof value === 'string' ? value.split(' ') : value;
  return Array.isArray(words) ? words.filter((word): word is string => typeof word === 'string' && word !== '') : [];
}

function satisfies(scopes: readonly string[], { scope_mode: mode, scopes: wanted }: AuthConfig): boolean {
  const has = (scope: string): boolean => scopes.includes(scope);
  if (mode === 'disabled' || wanted.length === 0) return true;
  return mode === 'require_any' ? wanted.some(has) : wanted.every(has);
}

function buildAuthInfo(
  { token, isDpop }: PresentedToken,
  { cid, client_id: clientId, exp, sub, iss, aud }: JWTPayload,
  { scopes, proof }: { readonly scopes: string[]; readonly proof: string | undefined },
): AuthInfo {
  const client = clientId ?? cid;
  return {
    token,
    clientId: typeof client === 'string' ? client : '',
    scopes,
    ...(exp === undefined ? {} : { expiresAt: exp }),
    extra: { iss, aud, sub, ...(isDpop ? { proof } : {}) },
  };
}

function invalidToken(why: string): Refusal {
  return { status: 401, error: 'invalid_token', reason: `Cannot verify the token: ${why}` };
}

function explainFailure(error: unknown, { audiences }: AuthConfig): Refusal {
  if (error instanceof errors.JWTExpired) return invalidToken('it has expired, get a new one');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return invalidToken(`its audience is not "${audiences.join('" or "')}"`);
    return invalidToken(error.reason === 'missing' ? `it has no ${error.claim}` : `its ${error.claim} is not right`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return invalidToken("its signature does not fit the issuer's key");
  if (error instanceof errors.JOSEAlgNotAllowed) return invalidToken('its signature algorithm is not accepted');
  if (error instanceof errors.JWKSNoMatchingKey) return invalidToken('its issuer publishes no key for it');
  if (error instanceof errors.JWKSMultipleMatchingKeys) return invalidToken('it does not say which key (kid)');
  const fromToken = [errors.JWTInvalid, errors.JWSInvalid, errors.JOSENotSupported];
  if (fromToken.some((kind) => error instanceof kind)) return invalidToken('it is not a usable access token');
  return {
    status: 503,
    reason: 'Cannot verify the token: the keys of its issuer cannot be had now, try again later',
    hint: `${messageOf(error)}. An issuer with its own CA needs NODE_EXTRA_CA_CERTS or transport.auth.tls.ca_cert.`,
  };
}
