import { deviceCodeGrant } from '../../model/urns.ts';
import { oidcScopes } from '../oidc-scopes.ts';
import type { Tenant } from './flavour.ts';

/** OpenID Connect Discovery §3 and RFC 8414 §2, with what this provider says differently. */
export function metadataOf(tenant: Tenant): Readonly<Record<string, unknown>> {
  const { issuer, origin, layout, flavour, seed } = tenant;
  const all = {
    issuer,
    authorization_endpoint: origin + layout.authorize,
    token_endpoint: origin + layout.token,
    device_authorization_endpoint: origin + flavour.device.endpoint(layout),
    jwks_uri: origin + layout.keys,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', deviceCodeGrant, flavour.exchangeGrant],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: [...oidcScopes, ...seed.servers.flatMap(({ scopes }) => scopes.map(({ name }) => name))],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...flavour.metadata(tenant),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
