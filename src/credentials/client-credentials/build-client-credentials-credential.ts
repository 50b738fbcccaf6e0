import type { Credential } from '../../model/credential.ts';
import { fail } from '../../model/usher-error.ts';
import { buildCachedCredential } from '../../oauth/build-cached-credential.ts';
import { buildProver, bindingOf } from '../../oauth/build-prover.ts';
import { buildTokenEndpoint, type TokenEndpointDeps } from '../../oauth/build-token-endpoint.ts';
import { buildClientAuthentication } from '../../oauth/client-authentication/build-client-authentication.ts';
import { buildClientCredentialsRequest } from '../../oauth/client-credentials-request.ts';
import { hasUser } from './has-user.ts';
import type { ClientCredentialsSettings } from './schema.ts';

/** Strategy `client-credentials` (RFC 6749 §4.4): one token of the gateway's own for the server behind, whoever calls. */
export function buildClientCredentialsCredential(
  settings: ClientCredentialsSettings,
  deps: TokenEndpointDeps,
): Credential {
  const { url, timeoutSeconds } = settings;
  const prover = buildProver(settings, deps.now);
  const client = buildClientAuthentication(settings, deps);
  const endpoint = buildTokenEndpoint({ url, timeoutSeconds, prover }, client, deps);
  const request = buildClientCredentialsRequest(settings);
  const cached = buildCachedCredential(
    {
      strategy: 'client-credentials',
      actsAs: 'gateway',
      checkAvailable: () => endpoint.checkAvailable(),
      request: (_identity, flight) => endpoint.request(request, flight),
      binding: bindingOf(prover, settings),
    },
    settings,
    deps,
  );
  if (settings.alsoForUsers) return cached;
  return {
    ...cached,
    obtain(identity, connection) {
      if (hasUser(identity.caller)) throw fail('exchange_user_refused', { subject: identity.caller.subject });
      return cached.obtain(identity, connection);
    },
  };
}
