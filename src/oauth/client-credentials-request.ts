import type { TokenRequest } from './token-request.ts';

export interface Wanted {
  readonly audience?: readonly string[];
  readonly resource?: readonly string[];
  readonly scopes: readonly string[];
}

/** RFC 6749 §4.4: a token for the client itself. `audience` is what several providers take beside RFC 8707's `resource`. */
export function buildClientCredentialsRequest({ audience = [], resource = [], scopes }: Wanted): TokenRequest {
  const parameters = new URLSearchParams();
  for (const one of audience) parameters.append('audience', one);
  for (const one of resource) parameters.append('resource', one);
  if (scopes.length > 0) parameters.set('scope', scopes.join(' '));
  return {
    grantType: 'client_credentials',
    parameters,
    audience: audience.length === 0 ? resource : audience,
    scopes,
    callerToken: undefined,
    answer: 'granted',
    subjectOf: 'gateway',
  };
}
