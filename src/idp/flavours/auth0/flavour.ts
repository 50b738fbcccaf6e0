import { oidcScopes } from '../../oidc-scopes.ts';
import type { Flavour, Granted, Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { boundKeyOf } from './bound-key.ts';
import { defaultSeed } from './default-seed.ts';
import { device } from './device.ts';
import { exchange } from './exchange.ts';
import { leaveScopes } from './leave-scopes.ts';
import { nonceOf } from './proof-nonce.ts';
import { readProof } from './read-proof.ts';
import { refusals } from './refusals.ts';
import { registerClient } from './register-client.ts';
import { signOut } from './sign-out.ts';
import { readThirdParty } from './third-party.ts';
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
  metadata: ({ origin }) => ({
    // Whether it is switched on or not.
    registration_endpoint: `${origin}/oidc/register`,
    scopes_supported: [...oidcScopes],
    claims_supported: ['aud', 'auth_time', 'email', 'email_verified', 'exp', 'iat', 'iss', 'name', 'nickname', 'sub'],
  }),
  readAuthorization(tenant, app, parameters) {
    // `resource` instead of `audience`: the tenant's Resource Parameter Compatibility Profile. Without, it means nothing.
    const { resourceParameter = true } = tenant.seed;
    const audience = parameters['audience'] ?? (resourceParameter ? parameters['resource'] : undefined);
    const scopes = (parameters['scope'] ?? '').split(' ').filter((scope) => scope !== '');
    const api = tenant.seed.servers.find((server) => server.audience === audience);
    if (audience !== undefined && api === undefined)
      throw new TokenRefusal(refusals.apiUnknown, 'no server has it', { api: audience });
    if (app.thirdParty === true) return readThirdParty(tenant, app, { parameters, api });
    if (api === undefined) return { apis: [], scopes: scopes.filter((scope) => oidcScopes.has(scope)) };
    // What the API does not have is left out, not refused; what the user may not, once it is known who signs in.
    const known = new Set(api.scopes.map(({ name }) => name));
    return { apis: [api], scopes: scopes.filter((scope) => oidcScopes.has(scope) || known.has(scope)) };
  },
  // Open Redirect Protection, which they have unless somebody switches it off.
  showsErrors: ({ thirdParty }) => thirdParty === true,
  device,
  exchangeGrant: tokenExchangeGrant,
  readProof,
  tokenHeaders: (tenant) => ({ 'DPoP-Nonce': nonceOf(tenant) }),
  exchange,
  accessToken(tenant, granted) {
    const claims = accessTokenClaims(tenant, granted);
    const [api] = granted.apis;
    // For no API: only Auth0's own userinfo is to read it (…/tokens/access-tokens#opaque-access-tokens).
    if (api === undefined) return { header: { iss: tenant.issuer }, claims, protection: 'encrypted' };
    const header = { typ: 'JWT' };
    return api.signingAlgorithm === 'HS256' ? { header, claims, protection: 'secret' } : { header, claims };
  },
  describeUser: (_, user) => ({
    sub: userIdOf(user),
    name: user.name,
    nickname: user.login.split('@')[0],
    ...(user.email === undefined ? {} : { email: user.email, email_verified: true }),
  }),
  answer: (_, granted, isExchange) => ({
    ...(boundKeyOf(granted) === undefined ? {} : { token_type: 'DPoP' }),
    scope: scopesOf(granted).join(' '),
    ...(isExchange ? { issued_token_type: accessTokenType } : {}),
  }),
  refusals,
  endpoints: () => ({ '/v2/logout': signOut, '/oidc/register': registerClient }),
  refusalBody: (_, { row, description }) => ({ error: row.error, error_description: description }),
};

/** Who signed in is known only now. */
function scopesOf({ apis: [api], scopes, user }: Granted): readonly string[] {
  const standard = scopes.filter((scope) => oidcScopes.has(scope));
  return api === undefined ? standard : [...standard, ...leaveScopes(api, user, scopes)];
}

/** `aud` has a second member where the client asked for openid: Auth0's own userinfo. */
function accessTokenClaims(tenant: Tenant, granted: Granted) {
  const { apis, scopes, app, user, lifetimeSeconds, act } = granted;
  const now = Math.floor(tenant.now() / 1000);
  const [api] = apis;
  const userinfo = `${tenant.issuer}userinfo`;
  const audience = api?.audience ?? userinfo;
  const jkt = boundKeyOf(granted);
  return {
    iss: tenant.issuer,
    sub: userIdOf(user),
    aud: api !== undefined && scopes.includes('openid') ? [audience, userinfo] : audience,
    iat: now,
    exp: now + lifetimeSeconds,
    scope: scopesOf(granted).join(' '),
    azp: app.clientId,
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
    ...(act === undefined ? {} : { act }),
  };
}
