import type { IncomingMessage } from 'node:http';
import type { Route } from '../model/route.ts';
import type { Inbound } from '../model/inbound.ts';
import type { UsherError } from '../model/usher-error.ts';

/** The `WWW-Authenticate` value for a refusal (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3, RFC 9728 §5.1, MCP
 * authorization), or undefined when the caller could do nothing with one. Without a token there is no error to report (RFC 6750 §3.1).
 * @param id of the request: what a user can quote, also where a client shows no body (RFC 6750 §3 allows more attributes)
 */
export function buildChallenge(
  error: UsherError,
  { resourceMetadataUrl, authenticator, policy, proofs }: Route,
  { id, request }: Pick<Inbound, 'id' | 'request'>,
): string | undefined {
  const { challenge, scheme } = error.row;
  if (challenge === undefined) return undefined;
  const parts =
    challenge === 'none'
      ? []
      : [`error="${challenge}"`, `error_description="${quotable(error.message)}"`, `request_id="${quotable(id)}"`];
  for (const [name, value] of Object.entries(error.challengeParameters)) parts.push(`${name}="${quotable(value)}"`);
  const isDpop = proofs !== undefined && (scheme === 'DPoP' || proofs.isRequired || usesDpop(request));
  if (isDpop) parts.push(`algs="${proofs.algorithms.join(' ')}"`);
  const scopes = error.scopes ?? policy.scopes;
  if (scopes.length > 0) parts.push(`scope="${scopes.join(' ')}"`);
  // Where nobody issues tokens there is nothing to read about them.
  if (authenticator.issuers.length > 0) parts.push(`resource_metadata="${resourceMetadataUrl}"`);
  return `${isDpop ? 'DPoP' : 'Bearer'} ${parts.join(', ')}`.trim();
}

/** RFC 9449 §7.1: the scheme of the challenge is that of the token. */
function usesDpop({ headers }: IncomingMessage): boolean {
  return /^dpop /i.test(headers.authorization ?? '');
}

/** RFC 6750 §3: printable ASCII without double quote and backslash. */
function quotable(text: string): string {
  return text
    .replaceAll('"', "'")
    .replaceAll('\\', '/')
    .replaceAll(/[^\u0020-\u007e]/g, '?');
}
