import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { discoverJwksUrl } from '../../authenticators/discover.ts';
import { algorithms } from '../../authenticators/jwt/schema.ts';
import { quote } from '../../config/quote.ts';
import { readAuthorities } from '../../lib/read-authorities.ts';
import { describe } from '../../lib/describe-error.ts';
import { buildHttpClient, type HttpClient } from '../../lib/http-client.ts';
import { fail } from '../../model/usher-error.ts';

export interface VerifyOptions {
  /** Expected issuer; its keys are discovered when `jwksUrl` is absent. */
  readonly issuer: string | undefined;
  readonly jwksUrl: string | undefined;
  readonly audience: string | undefined;
  readonly caFile: string | undefined;
}

const timeoutMs = 10_000;
/** Values of one claim that a message repeats. */
const mostValues = 5;

/** Verifies a token against the keys of its issuer, and says with which one.
 * @throws UsherError `token_unverified`
 */
export async function verifyToken(token: string, options: VerifyOptions): Promise<string> {
  const { issuer, audience, caFile } = options;
  try {
    const ca = readAuthorities(caFile);
    const http = buildHttpClient(ca === undefined ? {} : { ca });
    try {
      const { url, keys } = await readKeys(http, options);
      const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
        algorithms: [...algorithms],
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
      });
      return `Verified with key ${protectedHeader.kid ?? 'without name'} (${protectedHeader.alg}) of ${url}`;
    } finally {
      await http.close();
    }
  } catch (cause) {
    throw fail('token_unverified', { reason: explain(cause, { iss: issuer, aud: audience }) }, { cause });
  }
}

async function readKeys(
  http: HttpClient,
  { issuer, jwksUrl }: VerifyOptions,
): Promise<{ url: string; keys: JSONWebKeySet }> {
  // The operator names the issuer on this very command line; what it may be reached by is theirs to decide.
  const url = jwksUrl ?? (await discoverJwksUrl(issuer ?? '', { http, timeoutMs, allowHttp: true }));
  const answer = await http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs });
  const body: unknown = answer.status === 200 ? await answer.json().catch(() => undefined) : undefined;
  if (!isKeySet(body)) throw new Error(`${url} answered ${answer.status} without a set of keys`);
  return { url, keys: body };
}

function isKeySet(body: unknown): body is JSONWebKeySet {
  return typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys);
}

/** @param expected by the name of the claim */
function explain(error: unknown, expected: Readonly<Record<string, string | undefined>>): string {
  if (error instanceof errors.JWTExpired) return 'it has expired (the signature is right)';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `its ${error.claim} ${compare(error.payload[error.claim], expected[error.claim])} (the signature is right)`;
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is not among the keys of the issuer';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature does not match';
  if (error instanceof errors.JOSEAlgNotAllowed) return `its algorithm is not one of ${algorithms.join(', ')}`;
  return error instanceof errors.JOSEError ? error.message : describe(error);
}

function compare(found: unknown, expected: string | undefined): string {
  if (expected === undefined) return 'is not the expected one';
  const values = Array.isArray(found) ? found : [found];
  const text = found === undefined ? 'missing' : values.slice(0, mostValues).map(quote).join(', ');
  return `is ${text}, expected ${quote(expected)}`;
}
