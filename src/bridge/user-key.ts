import { hash } from 'node:crypto';
import { canonicalJson } from '../lib/canonical-json.ts';
import { isObject } from '../lib/is-object.ts';
import type { UpstreamUser } from '../model/upstream.ts';

/** What is new in each token without saying anything else of the user: times and ids of tokens and sign-ins (RFC 7519 §4.1, OpenID Connect
 * Core §2, OpenID Connect Session 1.0, Keycloak's `session_state`), and what Microsoft says of its own
 * (learn.microsoft.com/entra/identity-platform/access-token-claims-reference: `aio`, `uti`, `rh`; `ipaddr` is where the user is).
 */
const passing = new Set(
  'exp iat nbf jti auth_time nonce at_hash c_hash s_hash sid session_state aio uti rh xms_ftd ipaddr'.split(' '),
);
/** Lists in one text (RFC 6749 §3.3). */
const spaced = new Set(['scope', 'scp']);

/** Who may use a channel that a user's token was given to: the same user by the same client, whose tokens say the same. The same user with
 * a token for less must not do more by it, nor reach one organisation with a token for another. What a claim is there for is not known, so
 * each counts that is not known to be about the token alone: at worst there is a process too many.
 */
export function userKey({ principal, claims, credential }: UpstreamUser): string {
  const { iss, sub } = credential?.operator ?? {};
  const parts = [principal, canonical(claims), canonical({ ...credential?.claims }), iss ?? '', sub ?? ''];
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

/** The same text for the same claims: the order of lists and keys says nothing. */
function canonical(claims: Readonly<Record<string, unknown>>): string {
  const lasting = Object.entries(claims).filter(([name]) => !passing.has(name));
  const parts = lasting.map(([name, value]) => [name, spaced.has(name) ? split(value) : value] as const);
  return canonicalJson(sortLists(Object.fromEntries(parts)));
}

function split(value: unknown): unknown {
  return typeof value === 'string' ? value.split(' ') : value;
}

function sortLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => canonicalJson(sortLists(one))).toSorted();
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, sortLists(inner)]));
}
