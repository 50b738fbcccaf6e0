import type { Credential } from '../../model/credential.ts';
import { buildCachedCredential, type TokenSource } from '../../oauth/build-cached-credential.ts';
import { buildTokenEndpoint, type TokenEndpointDeps } from '../../oauth/build-token-endpoint.ts';
import { buildClientAuthentication } from '../../oauth/client-authentication/build-client-authentication.ts';
import { handIn, type HandedIn } from '../../oauth/hand-in.ts';
import type { HeaderSettings } from '../../oauth/header-form.ts';
import type { TokenRequest } from '../../oauth/token-request.ts';
import { jwtBearerGrant } from '../../model/urns.ts';
import type { EntraOboSettings } from './schema.ts';

/** Strategy `entra-obo`: the caller's token is an assertion of theirs (RFC 7523 §2.1), for a token on their behalf.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
 */
export function buildEntraOboCredential(settings: EntraOboSettings, deps: TokenEndpointDeps): Credential {
  return buildCachedCredential(buildEntraOboSource(settings, deps), settings, deps);
}

export type EntraOboSourceSettings = Omit<EntraOboSettings, keyof HeaderSettings>;

/** Where its tokens come from; for a chain, too. */
export function buildEntraOboSource(settings: EntraOboSourceSettings, deps: TokenEndpointDeps): TokenSource {
  const endpoint = buildTokenEndpoint(settings, buildClientAuthentication(settings, deps), deps);
  return {
    strategy: 'entra-obo',
    checkAvailable: () => endpoint.checkAvailable(),
    request: (subject, flight) => endpoint.request(buildRequest(handIn(subject, 'entra-obo'), settings), flight),
  };
}

/** Scopes that are about the answer and stand in no access token. */
const withoutName = new Set(['.default', 'openid', 'profile', 'email', 'offline_access']);

function buildRequest(handedIn: HandedIn, { scopes, audience }: EntraOboSourceSettings): TokenRequest {
  return {
    grantType: jwtBearerGrant,
    parameters: new URLSearchParams({
      assertion: handedIn.callerToken,
      requested_token_use: 'on_behalf_of',
      scope: scopes.join(' '),
    }),
    audience,
    scopes: scopes.map(nameScope).filter((name) => !withoutName.has(name)),
    ...handedIn,
    answer: 'granted',
    nameScope,
  };
}

/** Asked for and answered as `api://backend/read`, and `read` in the token. */
function nameScope(scope: string): string {
  return scope.slice(scope.lastIndexOf('/') + 1);
}
