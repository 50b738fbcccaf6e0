import { randomUUID } from 'node:crypto';
import type { Seed, SeedUser } from '../../seed/seed-schema.ts';
import type { Flavour, Granted, Layout, Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { defaultSeed } from './default-seed.ts';
import { device } from './device.ts';
import { endSession } from './end-session.ts';
import { exchange } from './exchange.ts';
import { introspect } from './introspect.ts';
import { proofAlgorithms, readProof } from './read-proof.ts';
import { isKnownScope, readScopes } from './read-scopes.ts';
import { refusals } from './refusals.ts';
import { registerClient } from './register-client.ts';
import { userIdOf } from './user-id.ts';
import { accessTokenType, tokenExchangeGrant } from '../../../model/urns.ts';

/** One realm of Keycloak 26: its seed's servers are clients that stand for an API, their scopes client scopes with an audience
 * mapper. Source, unless another is named: keycloak.org/docs/latest/server_admin and observations with 26.7.3.
 */
export const keycloak: Flavour = {
  name: 'keycloak',
  title: 'Keycloak',
  defaultSeed,
  layout(seed) {
    const issuer = `/realms/${realmOf(seed)}`;
    const protocol = `${issuer}/protocol/openid-connect`;
    return {
      issuer,
      authorize: `${protocol}/auth`,
      token: `${protocol}/token`,
      keys: `${protocol}/certs`,
      // RFC 8414's form is answered both inserted and appended, OpenID's appended only.
      metadata: [
        `${issuer}/.well-known/openid-configuration`,
        `${issuer}/.well-known/oauth-authorization-server`,
        `/.well-known/oauth-authorization-server${issuer}`,
      ],
    };
  },
  metadata: ({ origin, layout }) => ({
    introspection_endpoint: origin + introspectionPath(layout),
    end_session_endpoint: origin + endSessionPath(layout),
    registration_endpoint: origin + registrationPath(layout),
    dpop_signing_alg_values_supported: proofAlgorithms,
    prompt_values_supported: ['none', 'login', 'consent'],
    claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'name', 'email', 'acr', 'azp'],
  }),
  readAuthorization(tenant, app, parameters) {
    const asked = (parameters['scope'] ?? '').split(' ').filter((scope) => scope !== '');
    if (!asked.every((scope) => isKnownScope(tenant, scope)))
      throw new TokenRefusal(refusals.scopeInvalid, `asked for by ${app.clientId}`, { scopes: asked.join(' ') });
    return readScopes(tenant, asked);
  },
  device,
  exchangeGrant: tokenExchangeGrant,
  readProof,
  exchange,
  accessToken: (tenant, granted) => ({ header: { typ: 'JWT' }, claims: accessTokenClaims(tenant, granted) }),
  describeUser: (_, user, app) => ({
    sub: userIdOf(user),
    typ: 'ID',
    azp: app.clientId,
    acr: '1',
    ...profileOf(user),
    ...emailOf(user),
  }),
  answer: (_, granted, isExchange) => ({
    ...(granted.jkt === undefined ? {} : { token_type: 'DPoP' }),
    refresh_expires_in: isExchange ? 0 : 1800,
    'not-before-policy': 0,
    session_state: granted.sessionId,
    scope: granted.scopes.join(' '),
    ...(isExchange ? { issued_token_type: accessTokenType } : {}),
  }),
  refusals,
  // Where nothing is said there is no description at all.
  refusalBody: (_, { row, description }) => ({
    error: row.error,
    ...(description === '' ? {} : { error_description: description }),
  }),
  endpoints: (layout) => ({
    [introspectionPath(layout)]: introspect,
    [endSessionPath(layout)]: endSession,
    [registrationPath(layout)]: registerClient,
  }),
  findElsewhere(tenant, path) {
    const [, realm, below] = /^\/realms\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    if (realm === undefined) return new TokenRefusal(refusals.noRealm, 'not below /realms/');
    if (realm === realmOf(tenant.seed)) {
      const isEndpoint = below === undefined || below.startsWith('/protocol/openid-connect/');
      return new TokenRefusal(isEndpoint ? refusals.methodNotAllowed : refusals.notInRealm, 'nothing is served there');
    }
    // Every Keycloak has it, and it knows none of this realm's clients.
    if (realm === 'master' && below === '/protocol/openid-connect/token')
      return new TokenRefusal(refusals.clientUnknown, 'the realm master has other clients');
    return new TokenRefusal(refusals.realmUnknown, `the realm is ${realmOf(tenant.seed)}`);
  },
};

const introspectionPath = ({ token }: Layout) => `${token}/introspect`;
const endSessionPath = ({ issuer }: Layout) => `${issuer}/protocol/openid-connect/logout`;
const registrationPath = ({ issuer }: Layout) => `${issuer}/clients-registrations/openid-connect`;

function realmOf({ org }: Seed): string {
  return org
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** `aud` is a text for one audience and a list for several; scopes are one text; the client is `azp`. */
function accessTokenClaims(tenant: Tenant, granted: Granted) {
  const { apis, scopes, app, user, lifetimeSeconds, authTime, sessionId, jkt } = granted;
  const now = Math.floor(tenant.now() / 1000);
  const [only, ...more] = apis.map(({ audience }) => audience);
  return {
    exp: now + lifetimeSeconds,
    iat: now,
    auth_time: authTime,
    jti: randomUUID(),
    iss: tenant.issuer,
    ...(only === undefined ? {} : { aud: more.length === 0 ? only : [only, ...more] }),
    sub: userIdOf(user),
    typ: jkt === undefined ? 'Bearer' : 'DPoP',
    azp: app.clientId,
    sid: sessionId,
    ...(jkt === undefined ? {} : { cnf: { jkt, 'kc-jkt-type': 'DPoP' } }),
    acr: '1',
    scope: scopes.join(' '),
    ...(scopes.includes('email') ? emailOf(user) : {}),
    ...(scopes.includes('profile') ? profileOf(user) : {}),
  };
}

const profileOf = ({ name, login }: SeedUser) => ({ name, preferred_username: login });
const emailOf = ({ email }: SeedUser) => (email === undefined ? {} : { email, email_verified: true });
