import type { TokenRequest } from './token-request.ts';
import { askFor, expectedAudience, type WantedToken } from './wanted-token.ts';

/** RFC 6749 §4.4: a token for the client itself. */
export function buildClientCredentialsRequest(wanted: WantedToken): TokenRequest {
  const parameters = new URLSearchParams();
  askFor(wanted, parameters);
  return {
    grantType: 'client_credentials',
    parameters,
    audience: expectedAudience(wanted),
    scopes: wanted.scopes,
    callerToken: undefined,
    answer: 'granted',
    subjectOf: 'gateway',
  };
}
