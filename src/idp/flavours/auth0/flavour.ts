import { oidcScopes } from '../../oidc-scopes.ts';
import type { Flavour, Granted, Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { defaultSeed } from './default-seed.ts';
import { exchange } from './exchange.ts';
import { refusals } from './refusals.ts';
import { userIdOf } from './user-id.ts';
import { accessTokenType, tokenExchangeGrant } from '../../../model/urns.ts';

/** One tenant of Auth0: its seed's servers are APIs, by their identifiers. Source, unless another is named:
 * auth0.com/docs/secure/tokens/access-tokens and …/access-token-profiles.
 */
export const auth0: Flavour = {
  name: 'auth0',
  title: 'Auth0',
  defaultSeed,
  layout: () => ({
    // With the slash, which is part of it.
    issuer: '/',
    authorize: '/authorize',
    token: '/oauth/token',
    keys: '/.well-known/jwks.json',
    metadata: ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
  }),
  metadata: () => ({
    scopes_supported: [...oidcScopes],
    claims_supported: ['aud', 'auth_time', 'email', 'email_verified', 'exp', 'iat', 'iss', 'name', 'nickname', 'sub'],
  }),
  readAuthorization(tenant, app, parameters) {
    // `resource` instead of `audience`: the tenant's Resource Parameter Compatibility Profile.
    const audience = parameters['audience'] ?? parameters['resource'];
    const scopes = (parameters['scope'] ?? '').split(' ').filter((scope) => scope !== '');
    if (audience === undefined)
      throw new TokenRefusal(
        { status: 400, error: 'invalid_request', description: 'Missing required parameter: audience' },
        `Auth0 would issue ${app.clientId} a token that nobody but Auth0 can read; this imitation refuses`,
      );
    const api = tenant.seed.servers.find((server) => server.audience === audience);
    if (api === undefined) throw new TokenRefusal(refusals.apiUnknown, 'no server has it', { api: audience });
    // What the API does not have is left out, not refused.
    const known = new Set(api.scopes.map(({ name }) => name));
    return { apis: [api], scopes: scopes.filter((scope) => oidcScopes.has(scope) || known.has(scope)) };
  },
  exchangeGrant: tokenExchangeGrant,
  exchange,
  accessToken: (tenant, granted) => ({ header: { typ: 'JWT' }, claims: accessTokenClaims(tenant, granted) }),
  describeUser: (_, user) => ({
    sub: userIdOf(user),
    name: user.name,
    nickname: user.login.split('@')[0],
    ...(user.email === undefined ? {} : { email: user.email, email_verified: true }),
  }),
  answer: (_, granted, isExchange) => ({
    scope: granted.scopes.join(' '),
    ...(isExchange ? { issued_token_type: accessTokenType } : {}),
  }),
  refusals,
  refusalBody: (_, { row, description }) => ({ error: row.error, error_description: description }),
};

/** `aud` has a second member where the client asked for openid: Auth0's own userinfo. */
function accessTokenClaims(tenant: Tenant, { apis, scopes, app, user, lifetimeSeconds, act }: Granted) {
  const now = Math.floor(tenant.now() / 1000);
  const audience = apis[0]?.audience ?? '';
  return {
    iss: tenant.issuer,
    sub: userIdOf(user),
    aud: scopes.includes('openid') ? [audience, `${tenant.issuer}userinfo`] : audience,
    iat: now,
    exp: now + lifetimeSeconds,
    scope: scopes.join(' '),
    azp: app.clientId,
    ...(act === undefined ? {} : { act }),
  };
}
