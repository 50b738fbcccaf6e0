import { hash } from 'node:crypto';
import { createLocalJWKSet } from 'jose/jwks/local';
import { parseJwtParts, type JwtParts } from '../lib/jwt-parts.ts';
import { checkSignatureText, verifySignature } from '../oauth/keys/verify-signature.ts';
import type { ClientKey, ClientKeys } from './client-keys.ts';
import type { KnownClient } from './clients.ts';
import type { FacadeContext } from './context.ts';
import { OAuthError } from './oauth-error.ts';

/** RFC 7523 §2.2. */
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Clocks of others. */
const skewSeconds = 60;
/** For longer nobody has to remember that one was used. */
const longestSeconds = 3600;
const longestId = 256;
/** What such a JWT may call itself (draft-ietf-oauth-rfc7523bis-11 §4; RFC 8725 §3.11): one that was signed for something else is
 * not taken.
 */
const types = new Set([undefined, 'jwt', 'client-authentication+jwt', 'application/client-authentication+jwt']);

/** A request for tokens, as far as it says who sends it. */
type Form = ReadonlyMap<string, string>;

/** The id of the client that asks: what it says, else whom its assertion is about (RFC 7521 §4.2). Nothing is proved by it. */
export function readClientId(form: Form): string {
  const named = form.get('client_id');
  const assertion = form.get('client_assertion');
  if (named !== undefined || assertion === undefined) return named ?? '';
  const { sub } = parse(assertion).claims;
  return typeof sub === 'string' ? sub : '';
}

/** Whether the client proved by its key that it is that client (`private_key_jwt`), once for each assertion.
 * @throws OAuthError invalid_client where it has to and does not, or where what it proves itself with is not good;
 * temporarily_unavailable
 */
export async function proveClient(context: FacadeContext, client: KnownClient, form: Form): Promise<boolean> {
  const [type, assertion] = [form.get('client_assertion_type'), form.get('client_assertion')];
  if (type === undefined && assertion === undefined) {
    if (client.keys?.isRequired === true) throw refuseUnproved();
    return false;
  }
  if (type !== assertionType || assertion === undefined)
    throw refuse(`client_assertion and client_assertion_type=${assertionType} are needed together`);
  const keys = client.keys ?? (await findKeys(context, client));
  const parts = parse(assertion);
  const { jti, lifeMs } = checkClaims(parts, { client, keys, issuer: context.urls.issuer, nowMs: context.now() });
  await checkSignature(context, assertion, keys);
  const name = hash('sha256', JSON.stringify([client.digest, jti]), 'base64url');
  if (!(await context.spent.take('assertion', name, lifeMs)))
    throw refuse('the client_assertion was used before; each has a jti of its own, and is good once');
  return true;
}

/** For a client whose sign-in began with a key: without it nobody goes on. */
export function refuseUnproved(): OAuthError {
  return refuse('this client proves who it is by its key: client_assertion is missing (private_key_jwt)');
}

/** A client with a document has them there. That its web server is down is nothing against the client: told that it is none, it would
 * throw its tokens away.
 */
async function findKeys({ clients }: FacadeContext, { id }: KnownClient): Promise<ClientKeys> {
  const client = await clients.find(id).catch((error: unknown) => {
    if (!(error instanceof OAuthError) || !error.isPassing) throw error;
    throw new OAuthError('temporarily_unavailable', error.message, { status: 503, retryAfterSeconds: 5 });
  });
  const keys = client?.keys;
  if (keys === undefined) throw refuse('this client has no key here that it could prove itself by');
  return keys;
}

function parse(assertion: string): JwtParts {
  try {
    const parts = parseJwtParts(assertion);
    checkSignatureText(assertion.split('.')[2] ?? '');
    return parts;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refuse(`the client_assertion is no JWT: ${error.message}`);
  }
}

interface Expected {
  readonly client: KnownClient;
  readonly keys: ClientKeys;
  readonly issuer: string;
  readonly nowMs: number;
}

/** RFC 7523 §3, with the audience of draft-ietf-oauth-rfc7523bis-11 §4: this issuer and nothing else, not the token endpoint either.
 * Another server could otherwise have the client sign something for it that is good here.
 * @returns its name, and for how long it could be used again
 */
function checkClaims({ header, claims }: JwtParts, { client, keys, issuer, nowMs }: Expected) {
  const { typ, alg } = header;
  if (!types.has(typeof typ === 'string' ? typ.toLowerCase() : typ === undefined ? undefined : 'no text'))
    throw refuse('the client_assertion has a typ of something else, expected client-authentication+jwt');
  if (!keys.algorithms.some((one) => one === alg))
    throw refuse(`the client_assertion has an alg that is not taken, expected ${keys.algorithms.join(', ')}`);
  const { iss, sub, aud, exp, nbf, iat, jti } = claims;
  if (iss !== client.id || sub !== client.id)
    throw refuse('the client_assertion has another iss or sub than the client_id');
  if (aud !== issuer && !(Array.isArray(aud) && aud.length === 1 && aud[0] === issuer))
    throw refuse(`the client_assertion is for another audience, expected aud to be ${issuer} and nothing else`);
  const now = nowMs / 1000;
  if (typeof exp !== 'number' || exp + skewSeconds <= now) throw refuse('the client_assertion has no exp, or is over');
  if (exp - skewSeconds > now + longestSeconds)
    throw refuse(`the client_assertion is good for too long, expected exp within ${longestSeconds} s`);
  for (const [name, moment] of Object.entries({ nbf, iat }))
    if (moment !== undefined && (typeof moment !== 'number' || moment - skewSeconds > now))
      throw refuse(`the client_assertion has an ${name} of the future`);
  if (typeof jti !== 'string' || jti === '' || jti.length > longestId)
    throw refuse(`the client_assertion has no jti, or one of more than ${longestId} characters`);
  return { jti, lifeMs: (exp + skewSeconds - now) * 1000 };
}

/** With the keys that are known; where it does not fit one of these, with those that the client has now.
 * @throws OAuthError
 */
async function checkSignature({ keySets }: FacadeContext, assertion: string, keys: ClientKeys): Promise<void> {
  const verify = async (found: readonly ClientKey[]) => {
    const jwks = { keys: found.map((key) => ({ ...key })) };
    return await verifySignature(assertion, createLocalJWKSet(jwks), keys.algorithms);
  };
  const { uri } = keys;
  const known = uri === undefined ? (keys.jwks ?? []) : await keySets.read(uri);
  if ((await verify(known)) === undefined) return;
  const renewed = uri === undefined ? known : await keySets.read(uri, { wantsNew: true });
  if (renewed === known || (await verify(renewed)) !== undefined)
    throw refuse('the client_assertion is not signed with a key of this client');
}

function refuse(description: string): OAuthError {
  return new OAuthError('invalid_client', description);
}
