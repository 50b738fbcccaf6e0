import { z } from 'zod';
import { isObject } from '../lib/is-object.ts';
import { parseJwtParts } from '../lib/jwt-parts.ts';
import { withoutTokens } from '../lib/without-tokens.ts';
import type { TokenClaims } from '../model/caller.ts';
import type { CredentialStep } from '../model/upstream-credential.ts';
import { pickTokenClaims } from '../model/token-claims.ts';
import { fail } from '../model/usher-error.ts';
import type { AnswerKind } from './token-request.ts';
import { tokenTypePrefix } from '../model/urns.ts';

/** A token that came out of an exchange and passed every check. */
export interface IssuedToken {
  readonly upstreamToken: string;
  /** Undefined for an opaque token. */
  readonly claims: TokenClaims | undefined;
  /** Milliseconds since the epoch; undefined when nothing said how long it lives. */
  readonly expiresAtMs: number | undefined;
  /** Those that were got on the way to it, in turn. */
  readonly steps?: readonly CredentialStep[];
  /** Granted and not asked for; empty when no scope was asked for. */
  readonly extraScopes: readonly string[];
}

/** What the answer is held against. */
export interface Asked {
  readonly url: string;
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
  readonly callerToken: string | undefined;
  readonly otherTokens?: readonly string[] | undefined;
  /** `exchanged` when absent. */
  readonly answer?: AnswerKind | undefined;
  readonly nameScope?: ((scope: string) => string) | undefined;
  /** What no refusal may quote, whatever the answer repeats. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
  /** Thumbprint of the key the token was to be bound to (RFC 9449 §5); a bearer token otherwise. */
  readonly jkt?: string | undefined;
}

const accessTokens = { issued: ['access_token', 'jwt'], wanted: 'an access token', carriedAs: ['bearer'] };
/** What may be issued, and how it may be used: `N_A` is for what is no access token (RFC 8693 §2.2.1). */
const kinds: Readonly<
  Record<
    AnswerKind,
    { readonly issued: readonly string[]; readonly wanted: string; readonly carriedAs: readonly string[] }
  >
> = {
  exchanged: accessTokens,
  granted: accessTokens,
  id_token: { issued: ['id_token'], wanted: 'an ID token', carriedAs: ['n_a', 'bearer'] },
  'id-jag': { issued: ['id-jag'], wanted: 'an ID-JAG', carriedAs: ['n_a'] },
};

/** RFC 8693 §2.2.1. Times come as strings from some providers. */
const answerSchema = z.looseObject({
  access_token: z.string(),
  issued_token_type: z.string().optional(),
  token_type: z.string(),
  expires_in: z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
    .pipe(z.number().positive())
    .optional(),
  scope: z.string().optional(),
  error: z.undefined().optional(),
});

/** RFC 6750 §2.1 b64token: what may stand in an Authorization header. Anything else could smuggle a header. */
const headerSafe = /^[A-Za-z0-9._~+/-]+=*$/;

/** Checks a successful answer of the token endpoint: nothing is sent upstream that was not issued for it.
 * @throws UsherError exchange_answer_invalid
 */
export function parseAnswer(body: unknown, asked: Asked): IssuedToken {
  const secrets = [...asked.secrets];
  const refuse = (reason: string) =>
    fail('exchange_answer_invalid', { url: asked.url, reason: withoutTokens(reason, secrets) });
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the body'))].join(', ');
    throw refuse(`missing or of the wrong kind: ${fields}`);
  }
  const {
    access_token: upstreamToken,
    issued_token_type: issuedType,
    token_type: tokenType,
    expires_in: expiresIn,
    scope,
  } = parsed.data;
  // Somebody who mixes up the fields of an answer must not have it in the log.
  secrets.push(upstreamToken);
  checkTypes(issuedType, tokenType, { kind: asked.answer ?? 'exchanged', refuse, isBound: asked.jkt !== undefined });
  if (!headerSafe.test(upstreamToken)) throw refuse('the token has characters that cannot stand in a header');
  if (upstreamToken === asked.callerToken) throw refuse("it is the caller's own token, unchanged");
  if (asked.otherTokens?.includes(upstreamToken) === true) throw refuse('it is a token that was handed in, unchanged');

  const claims = findClaims(upstreamToken, asked, refuse);
  if (claims !== undefined) checkAudience(claims, asked, refuse);
  // What the answer says it granted, and what the token itself says: neither may fall short.
  const { nameScope = (one: string) => one } = asked;
  const granted = scope
    ?.split(' ')
    .filter((one) => one !== '')
    .map(nameScope);
  checkScopes(granted, asked, refuse);
  checkScopes(claims?.scp, asked, refuse);
  const ends = [
    expiresIn === undefined ? undefined : asked.nowMs + expiresIn * 1000,
    claims?.exp === undefined || !Number.isFinite(claims.exp) ? undefined : claims.exp * 1000,
  ];
  const known = ends.filter((end) => end !== undefined);
  const expiresAtMs = known.length === 0 ? undefined : Math.min(...known);
  if (expiresAtMs !== undefined && expiresAtMs <= asked.nowMs) throw refuse('the token has expired already');
  return { upstreamToken, claims, expiresAtMs, extraScopes: findExtraScopes([granted, claims?.scp], asked.scopes) };
}

const spelled: Readonly<Record<string, string>> = { n_a: '"N_A"', bearer: '"Bearer"', dpop: '"DPoP"' };

/** Only those are bound to keys (RFC 9449 §5). */
function isAccessToken(kind: AnswerKind): boolean {
  return kinds[kind] === accessTokens;
}

/** RFC 8693 §2.2.1 requires `issued_token_type` of an exchange. Other grants have none; one that is there must be right. */
function checkTypes(
  issuedType: string | undefined,
  tokenType: string,
  { kind, refuse, isBound }: { readonly kind: AnswerKind; readonly refuse: Refuse; readonly isBound: boolean },
): void {
  const { issued, wanted, carriedAs: usual } = kinds[kind];
  const carriedAs = isBound && isAccessToken(kind) ? ['dpop'] : usual;
  if (issuedType === undefined && kind !== 'granted') throw refuse('missing or of the wrong kind: issued_token_type');
  if (issuedType !== undefined && !issued.some((one) => issuedType === tokenTypePrefix + one))
    throw refuse(`issued_token_type is ${JSON.stringify(issuedType)}, expected ${wanted}`);
  if (!carriedAs.includes(tokenType.toLowerCase()))
    throw refuse(`token_type is ${JSON.stringify(tokenType)}, expected ${spelled[carriedAs[0] ?? '']}`);
}

function findExtraScopes(
  granted: readonly (readonly string[] | undefined)[],
  asked: readonly string[],
): readonly string[] {
  if (asked.length === 0) return [];
  return [...new Set(granted.flatMap((scopes) => scopes ?? []))].filter((scope) => !asked.includes(scope));
}

type Refuse = (reason: string) => Error;

/** Between the provider's clock and ours. */
const clockSkewMs = 60_000;

/** How a JSON object with members begins, in whatever white space (RFC 8259 §2): a reader of JWTs takes it so. */
const objectLike = /^[\t\n\r ]*\{[\t\n\r ]*"/;

/** Three parts, the first of them a JSON object: what opaque tokens with dots are not. */
function isJwtLike(token: string): boolean {
  const parts = token.split('.');
  return parts.length === 3 && objectLike.test(Buffer.from(parts[0] ?? '', 'base64url').toString('latin1'));
}

/** `typ` of draft-ietf-oauth-identity-assertion-authz-grant, as RFC 7515 §4.1.9 lets it be written. */
const grantType = /^(?:application\/)?oauth-id-jag\+jwt$/i;

/** Undefined for an opaque token, about which nothing can be said. */
function findClaims(
  upstreamToken: string,
  { nowMs, jkt, answer = 'exchanged' }: Asked,
  refuse: Refuse,
): TokenClaims | undefined {
  if (!isJwtLike(upstreamToken)) {
    if (answer === 'id-jag') throw refuse('it is no JWT, expected an ID-JAG');
    return undefined;
  }
  let header: Readonly<Record<string, unknown>>;
  let claims: Readonly<Record<string, unknown>>;
  try {
    ({ header, claims } = parseJwtParts(upstreamToken));
  } catch (error) {
    throw refuse(`the token is a JWT, but ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  // It goes to another company: nothing that is of use at home may (§3 of the draft).
  if (answer === 'id-jag' && !grantType.test(String(header['typ'])))
    throw refuse('its header does not say that it is an ID-JAG, expected typ "oauth-id-jag+jwt"');
  const { nbf, cnf } = claims;
  const boundTo = isObject(cnf) ? cnf['jkt'] : undefined;
  if (isAccessToken(answer) && boundTo !== jkt)
    throw refuse(
      `the token is bound to ${boundTo === undefined ? 'no key' : 'a key'}, expected ${jkt === undefined ? 'none' : "this gateway's"}`,
    );
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf * 1000 <= nowMs + clockSkewMs))
    throw refuse(
      `the token is not valid yet: nbf is ${typeof nbf === 'object' ? 'an object' : JSON.stringify(nbf)}, now is ${Math.floor(nowMs / 1000)}`,
    );
  const shown = pickTokenClaims(claims);
  const saysScopes = claims['scp'] !== undefined || claims['scope'] !== undefined;
  if (saysScopes && shown.scp === undefined) throw refuse("the token's scopes are neither text nor a list of texts");
  return shown;
}

function checkAudience(claims: TokenClaims, asked: Asked, refuse: Refuse): void {
  if (asked.audience.length === 0) return;
  const found = [claims.aud ?? []].flat();
  if (!asked.audience.some((one) => found.includes(one))) {
    throw refuse(
      `the token's audience is ${JSON.stringify(claims.aud ?? null)}, asked for ${asked.audience.map((one) => JSON.stringify(one)).join(' or ')}`,
    );
  }
}

/** RFC 6749 §5.1: no scope in the answer means as asked. */
function checkScopes(granted: readonly string[] | undefined, asked: Asked, refuse: Refuse): void {
  if (granted === undefined) return;
  const missing = asked.scopes.filter((scope) => !granted.includes(scope));
  if (missing.length > 0) throw refuse(`scope ${JSON.stringify(missing.join(' '))} was asked for and not granted`);
}
