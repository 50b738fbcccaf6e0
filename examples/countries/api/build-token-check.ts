import OktaJwtVerifier from '@okta/jwt-verifier';
import { readAccessToken } from '../lib/access-token.ts';
import { buildProofCheck } from '../lib/build-proof-check.ts';
import { CannotStart } from '../lib/cannot-start.ts';
import { messageOf } from '../lib/message-of.ts';
import type { TokenSettings } from './read-settings.ts';

/** Claims of a validated access token. */
export type Claims = OktaJwtVerifier.JwtClaims;

/** Why a request may not pass. `reason` may be shown to the caller. */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  /** RFC 6750 §3.1, RFC 9449 §7.1; undefined when no token was sent, or when it is not the token's fault. */
  readonly error?: 'invalid_token' | 'insufficient_scope' | 'invalid_dpop_proof';
  /** Is it about the key a token is bound to? */
  readonly isDpop?: boolean;
  readonly reason: string;
  /** For the operator only. */
  readonly hint?: string;
}

/** What of a request says who sent it. */
export interface CheckedRequest {
  readonly authorization: string | undefined;
  /** The `DPoP` header. */
  readonly proof: string | undefined;
  readonly method: string;
  /** As callers know it. */
  readonly url: string;
}

/** Checks one request. Never rejects. */
export type TokenCheck = (request: CheckedRequest) => Promise<{ claims: Claims } | { refusal: Refusal }>;

const keysDeadlineMs = 10_000;

/** Builds the check on Okta's verifier: signature by the issuer's published keys (RS256), expiry, issuer, audience;
 * then the scopes, which Okta puts into `scp`, and for a token that is bound to a key the proof of it, of which the verifier
 * knows nothing. Throws {@link CannotStart} when the verifier rejects the issuer. */
export function buildTokenCheck(settings: TokenSettings): TokenCheck {
  const verifier = buildVerifier(settings);
  const checkProof = buildProofCheck({ isRequired: settings.requireDpop });
  return async ({ authorization, proof, method, url }) => {
    const presented = readAccessToken(authorization);
    if (presented === undefined) {
      return {
        refusal: { status: 401, reason: 'Cannot answer: no access token was sent, send one as Authorization: Bearer' },
      };
    }
    // Only what has the three parts of a signed token goes to the verifier.
    if ('malformed' in presented) return { refusal: invalidToken(presented.malformed) };
    let claims: Claims;
    try {
      claims = (await withDeadline(verifier.verifyAccessToken(presented.token, settings.audience))).claims;
    } catch (error) {
      return { refusal: explainFailure(error, settings) };
    }
    // The verifier compares `exp` where there is one; here a token must have it.
    if (!Number.isFinite(claims.exp)) return { refusal: invalidToken('it has no expiry time') };
    const missing = settings.requiredScopes.filter(
      (scope) => !(Array.isArray(claims.scp) && claims.scp.includes(scope)),
    );
    if (missing.length > 0) {
      const reason = `Cannot answer: the token lacks the scope ${missing.join(' ')}, ask the authorization server for it`;
      return { refusal: { status: 403, error: 'insufficient_scope', reason } };
    }
    const problem = await checkProof({ presented, cnf: claims['cnf'], proof, method, url });
    if (problem !== undefined) {
      const what = problem.error === 'invalid_token' ? 'token' : 'proof of possession';
      const reason = `Cannot verify the ${what}: ${problem.why}`;
      return { refusal: { status: 401, error: problem.error, reason, isDpop: true } };
    }
    return { claims };
  };
}

function buildVerifier({ issuer }: TokenSettings): OktaJwtVerifier {
  try {
    return new OktaJwtVerifier({ issuer });
  } catch (error) {
    throw new CannotStart('the countries API', [`OKTA_ISSUER is not usable: ${messageOf(error)}`]);
  }
}

/** A caller should not wait longer than this for keys to be fetched. */
async function withDeadline<T>(work: Promise<T>): Promise<T> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => deadline.reject(new KeysUnavailable(`no answer in ${keysDeadlineMs} ms`)),
    keysDeadlineMs,
  );
  try {
    return await Promise.race([work, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}

class KeysUnavailable extends Error {}

function invalidToken(why: string): Refusal {
  return { status: 401, error: 'invalid_token', reason: `Cannot verify the token: ${why}` };
}

/** What the verifier's messages mean (node_modules/njwt/properties.json, @okta/jwt-verifier/lib.js). Its errors carry the
 * whole token as a property, so only what is put together here may leave this function. */
function explainFailure(error: unknown, { issuer, audience }: TokenSettings): Refusal {
  const message = messageOf(error);
  if (error instanceof KeysUnavailable) return keysUnavailable(message, issuer);
  if (message.startsWith('Error while resolving signing key')) return explainKeyFailure(error, issuer);
  if (message.startsWith('audience claim')) return invalidToken(`its audience is not "${audience}"`);
  if (message.startsWith('issuer ')) return invalidToken(`its issuer is not "${issuer}"`);
  const known: Readonly<Record<string, string>> = {
    'Jwt is expired': 'it has expired, get a new one',
    'Jwt not active': 'it is not valid yet',
    'Jwt cannot be parsed': 'it is not a JWT',
    'Signature verification failed': "its signature does not fit the issuer's key",
    'Unexpected signature algorithm': 'it is not signed with RS256',
    'Unsupported signing algorithm': 'it is not signed with RS256',
  };
  return invalidToken(known[message] ?? 'it is not a usable access token');
}

function explainKeyFailure(error: unknown, issuer: string): Refusal {
  const inner = typeof error === 'object' && error !== null && 'innerError' in error ? error.innerError : undefined;
  if (inner === 'No KID specified') return invalidToken('it names no key (kid)');
  if (inner instanceof Error && inner.name === 'SigningKeyNotFoundError') {
    return invalidToken(`"${issuer}" publishes no key of the token's name (kid)`);
  }
  return keysUnavailable(messageOf(inner), issuer);
}

function keysUnavailable(why: string, issuer: string): Refusal {
  return {
    status: 503,
    reason: 'Cannot verify the token: the keys of its issuer cannot be had now, try again later',
    hint: `Fetching ${issuer}/v1/keys failed: ${why}. An issuer with its own CA needs NODE_EXTRA_CA_CERTS.`,
  };
}
