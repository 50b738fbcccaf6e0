import type { IncomingMessage } from 'node:http';
import type { Identity } from '../model/identity.ts';
import type { Authenticated, Routed } from '../model/stages.ts';
import type { Authenticator } from '../model/authenticator.ts';
import { fail } from '../model/usher-error.ts';

/** Stage `authenticate`: whose token is this. Known tokens are answered without waiting.
 * @throws UsherError of stage authenticate
 */
export function authenticate(routed: Routed): Authenticated | Promise<Authenticated> {
  const { authenticator } = routed.route;
  const callerToken = findBearerToken(routed.request, routed.query);
  if (callerToken === undefined || !authenticator.needsToken)
    return withIdentity(routed, anonymousIdentity(authenticator));
  const caller = authenticator.authenticate(callerToken, routed.connection);
  return caller instanceof Promise
    ? caller.then((one) => withIdentity(routed, { caller: one, callerToken }))
    : withIdentity(routed, { caller, callerToken });
}

function anonymousIdentity({ anonymous }: Authenticator): Identity {
  if (anonymous === undefined) throw fail('token_missing', {});
  return { caller: anonymous, callerToken: undefined };
}

function withIdentity(routed: Routed, identity: Identity): Authenticated {
  return { ...routed, identity };
}

/** The one bearer token of a request (RFC 6750 §2.1), or undefined when there is none. Read from the raw header lines:
 * Node keeps the first of several and drops the rest, and which one counts must not depend on who reads.
 */
function findBearerToken({ rawHeaders }: IncomingMessage, query: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (value !== undefined)
      throw fail('authorization_malformed', { reason: 'there is more than one Authorization header' });
    value = rawHeaders[index + 1];
  }
  const callerToken = value === undefined ? undefined : findToken(value);
  if (query !== '') checkQuery(query, callerToken);
  return callerToken;
}

function findToken(authorization: string): string | undefined {
  if (!/^bearer(?: |$)/i.test(authorization)) return undefined;
  const callerToken = authorization.slice(7).trim();
  if (callerToken === '') return undefined;
  if (/[\s,]/.test(callerToken))
    throw fail('authorization_malformed', { reason: 'the Authorization header holds more than one credential' });
  return callerToken;
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
