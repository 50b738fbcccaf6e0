import type { Caller } from '../../model/caller.ts';

/** Does a user stand behind this caller? A client that got a token for itself is known by what providers say of it; whoever
 * is not known to be one counts as a user.
 */
export function hasUser({ subject, clientId, tokenDigest, tokenClaims }: Caller): boolean {
  // An anonymous caller.
  if (tokenDigest === '') return false;
  // RFC 9068 §2.2 and RFC 9700: the subject of a client's own token is the client.
  if (clientId !== undefined && (subject === clientId || subject === `${clientId}@clients`)) return false;
  // Microsoft Entra's optional claim, and Auth0's.
  return tokenClaims['idtyp'] !== 'app' && tokenClaims['gty'] !== 'client-credentials';
}
