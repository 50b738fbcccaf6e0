import type { IncomingMessage } from 'node:http';
import type { Identity } from '../model/identity.ts';
import type { Authenticated, Routed } from '../model/stages.ts';
import type { Caller } from '../model/caller.ts';
import type { Authenticator } from '../model/authenticator.ts';
import { fail } from '../model/usher-error.ts';
import { shortestToken } from './shortest-token.ts';
import { isForwardable } from './upstream-headers.ts';

/** Stage `authenticate`: whose token is this, and is it theirs. Known bearer tokens are answered without waiting.
 * @throws UsherError of stage authenticate
 */
export function authenticate(routed: Routed): Authenticated | Promise<Authenticated> {
  const { authenticator } = routed.route;
  const presented = findPresented(routed.request, routed.query);
  if (presented === undefined || !authenticator.needsToken)
    return withIdentity(routed, anonymousIdentity(authenticator));
  checkForwarded(routed, presented.callerToken);
  const caller = authenticator.authenticate(presented.callerToken, routed.connection);
  return caller instanceof Promise
    ? caller.then((one) => withProven(routed, one, presented))
    : withProven(routed, caller, presented);
}

function anonymousIdentity({ anonymous }: Authenticator): Identity {
  if (anonymous === undefined) throw fail('token_missing', {});
  return { caller: anonymous, callerToken: undefined };
}

function withIdentity(routed: Routed, identity: Identity): Authenticated {
  return { ...routed, identity };
}

/** A token that is bound to a key is somebody's only together with a proof of that key, and a proof says nothing about a
 * token that is not (RFC 9449 §7.1, §7.2).
 */
function withProven(
  routed: Routed,
  caller: Caller,
  { isDpop, callerToken, proofs }: Presented,
): Authenticated | Promise<Authenticated> {
  const { proofs: check } = routed.route;
  const claims = { claims: caller.claims };
  if (caller.jkt === undefined) {
    if (isDpop) throw fail('token_not_bound', { wanted: 'send it as a bearer token' }, claims);
    if (check?.isRequired)
      throw fail('token_not_bound', { wanted: 'this server takes bound ones only (DPoP)' }, claims);
    return withIdentity(routed, { caller, callerToken });
  }
  // Where nobody can check a proof, none can help.
  if (!isDpop || check === undefined) throw fail('token_bound', {}, claims);
  const nonce = check.check({ proofs, method: routed.request.method ?? '', caller });
  return nonce instanceof Promise
    ? nonce.then((next) => withNonce(routed, { caller, callerToken }, next))
    : withNonce(routed, { caller, callerToken }, nonce);
}

/** RFC 9449 §8.2: whatever the answer will be, it says what the next proof has to hold. */
function withNonce(routed: Routed, identity: Identity, nonce: string | undefined): Authenticated {
  if (nonce !== undefined && !routed.response.headersSent) routed.response.setHeader('dpop-nonce', nonce);
  return withIdentity(routed, identity);
}

/** What a request proves its caller with. */
interface Presented {
  /** Was it sent by the scheme `DPoP`? */
  readonly isDpop: boolean;
  readonly callerToken: string;
  /** All `DPoP` headers. */
  readonly proofs: readonly string[];
}

/** The one access token of a request (RFC 6750 §2.1, RFC 9449 §7.1), or undefined when there is none. Read from the raw
 * header lines: Node keeps the first of several and drops the rest, and which one counts must not depend on who reads.
 */
function findPresented({ rawHeaders }: IncomingMessage, query: string): Presented | undefined {
  let authorization: string | undefined;
  let proofs: string[] | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'dpop') (proofs ??= []).push(rawHeaders[index + 1] ?? '');
    if (name?.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (authorization !== undefined)
      throw fail('authorization_malformed', { reason: 'there is more than one Authorization header' });
    authorization = rawHeaders[index + 1];
  }
  const scheme = /^(?:bearer|(dpop))(?: |$)/i.exec(authorization ?? '');
  const callerToken = scheme === null ? undefined : findToken((authorization ?? '').slice(scheme[0].length));
  if (query !== '') checkQuery(query, callerToken);
  if (callerToken === undefined) return undefined;
  return { isDpop: scheme?.[1] !== undefined, callerToken, proofs: proofs ?? [] };
}

function findToken(credentials: string): string | undefined {
  const callerToken = credentials.trim();
  if (callerToken === '') return undefined;
  if (/[\s,]/.test(callerToken))
    throw fail('authorization_malformed', { reason: 'the Authorization header holds more than one credential' });
  return callerToken;
}

/** A header that goes on must not take the token along. Those that stay behind may say what they like. */
function checkForwarded({ request: { rawHeaders }, route }: Routed, callerToken: string): void {
  if (callerToken.length < shortestToken) return;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const value = rawHeaders[index + 1] ?? '';
    if (value.length < callerToken.length) continue;
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    // Asked first: it spares Authorization the search.
    if (!isForwardable(name, route.forwardedHeaders) || !value.includes(callerToken)) continue;
    const reason = `the token is in the header ${JSON.stringify(name)} as well; send it in the Authorization header only`;
    throw fail('authorization_malformed', { reason });
  }
}

/** The query goes upstream, and into the log of whoever it passes: no token may be in it. */
function checkQuery(query: string, callerToken: string | undefined): void {
  for (const [name, value] of new URLSearchParams(query)) {
    const isToken = name.toLowerCase() === 'access_token';
    if (isToken || (callerToken !== undefined && (name.includes(callerToken) || value.includes(callerToken)))) {
      throw fail('authorization_malformed', {
        reason: 'a token in the URL is never taken (RFC 9700 §4.3.2); send it in the Authorization header only',
      });
    }
  }
}
