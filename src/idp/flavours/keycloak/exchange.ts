import { oidcScopes } from '../../oidc-scopes.ts';
import type { SeedApp } from '../../seed/seed-schema.ts';
import { askPolicies } from '../ask-policy.ts';
import { findApp, isPublic } from '../directory.ts';
import type { Granted, Parameters, Tenant } from '../flavour.ts';
import { verifyToken } from '../sign-token.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { refusals } from './refusals.ts';
import { userIdOf } from './user-id.ts';
import { accessTokenType, tokenExchangeGrant } from '../../../model/urns.ts';

const legacyParameters = ['requested_subject', 'requested_issuer', 'subject_issuer'];

/** Standard token exchange, version 2 (keycloak.org/securing-apps/token-exchange), checked in the order of
 * StandardTokenExchangeProvider. `resource` is read over (observed with 26.7.3), and so is `actor_token`.
 */
export async function exchange(tenant: Tenant, app: SeedApp, parameters: Parameters): Promise<Granted> {
  checkParameters(app, parameters);
  const { claims, user } = await verifySubjectToken(tenant, parameters['subject_token'] ?? '');
  const requestedType = parameters['requested_token_type'] ?? accessTokenType;
  if (requestedType !== accessTokenType)
    throw new TokenRefusal(refusals.requestedTypeUnsupported, 'this imitation issues access tokens only');
  const audience = parameters['audience'];
  const target = tenant.seed.servers.find((api) => api.audience === audience);
  if (audience !== undefined && target === undefined)
    throw new TokenRefusal(refusals.audienceUnknown, `no server has the audience ${audience}`);
  // Whoever exchanges it cannot have its key.
  if (claims['cnf'] !== undefined && claims['azp'] !== app.clientId)
    throw new TokenRefusal(refusals.subjectTokenBound, `it is bound to a key of ${String(claims['azp'])}`);
  if (claims['azp'] !== app.clientId && ![claims.aud ?? []].flat().includes(app.clientId))
    throw new TokenRefusal(refusals.notInAudience, `the subject token is for ${String(claims.aud)}`);
  const scopes = (parameters['scope'] ?? '').split(' ').filter((scope) => scope !== '');
  const known = (scope: string) =>
    oidcScopes.has(scope) || tenant.seed.servers.some((api) => api.scopes.some(({ name }) => name === scope));
  if (!scopes.every(known))
    throw new TokenRefusal(refusals.scopeInvalid, 'no server has them', { scopes: scopes.join(' ') });
  if (app.consent === 'required')
    throw new TokenRefusal(refusals.consentMissing, 'the app asks for consent', { clientId: app.clientId });
  const reached = tenant.seed.servers.filter((api) => api.scopes.some(({ name }) => scopes.includes(name)));
  const lifetimeSeconds = askPolicies(tenant, { apis: reached, scopes }, { app, user, grantType: tokenExchangeGrant });
  // What a scope's audience mapper does not bring is not available, asked for or not.
  if (target !== undefined && !reached.includes(target))
    throw new TokenRefusal(refusals.audienceNotAvailable, 'none of its scopes was asked for', { api: target.audience });
  return {
    apis: target === undefined ? reached : [target],
    scopes,
    app,
    user,
    lifetimeSeconds,
    authTime: typeof claims['auth_time'] === 'number' ? claims['auth_time'] : Math.floor(tenant.now() / 1000),
    sessionId: typeof claims['sid'] === 'string' ? claims['sid'] : '',
    isStrong: false,
  };
}

function checkParameters(app: SeedApp, parameters: Parameters): void {
  const legacy = legacyParameters.find((name) => parameters[name] !== undefined);
  if (legacy !== undefined)
    throw new TokenRefusal(refusals.parameterUnsupported, 'a parameter of the legacy exchange', { name: legacy });
  if (!app.grantTypes.includes(tokenExchangeGrant))
    throw new TokenRefusal(refusals.grantNotAllowed, 'the app’s grantTypes leave token exchange out');
  if (isPublic(app)) throw new TokenRefusal(refusals.publicClient, 'the app is a publicClient');
  if (parameters['subject_token'] === undefined) throw new TokenRefusal(refusals.subjectTokenMissing, 'none was sent');
  if (parameters['subject_token_type'] !== accessTokenType)
    throw new TokenRefusal(refusals.subjectTokenTypeInvalid, `expected ${accessTokenType}`);
}

async function verifySubjectToken(tenant: Tenant, token: string) {
  const verdict = await verifyToken(tenant, token);
  // ID tokens are signed with the same keys.
  const isOurs =
    verdict.state === 'valid' &&
    verdict.claims.iss === tenant.issuer &&
    (verdict.claims['typ'] === 'Bearer' || verdict.claims['typ'] === 'DPoP') &&
    !tenant.sessions.hasEnded(String(verdict.claims['sid']));
  const hasClient = isOurs && findApp(tenant, String(verdict.claims['azp'])) !== undefined;
  const user = hasClient ? tenant.seed.users.find((one) => userIdOf(one) === verdict.claims.sub) : undefined;
  if (!isOurs || user === undefined)
    throw new TokenRefusal(
      refusals.subjectTokenInvalid,
      `an ${verdict.state} token, none of ${tenant.issuer}, or of a session, client or user that is gone`,
    );
  return { claims: verdict.claims, user };
}
