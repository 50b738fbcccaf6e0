import { decodeJwt, type JWTPayload } from 'jose';
import type { SeedApp } from '../../seed/seed-schema.ts';
import { askPolicies } from '../ask-policy.ts';
import type { Granted, Parameters, Tenant } from '../flavour.ts';
import { verifyToken } from '../sign-token.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { objectIdOf } from './ids.ts';
import { readScopes, withoutScheme } from './read-scopes.ts';
import { refusals } from './refusals.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';

/** The on-behalf-of flow (learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow): jwt-bearer, not RFC 8693. */
export async function exchange(tenant: Tenant, app: SeedApp, parameters: Parameters): Promise<Granted> {
  for (const name of ['requested_token_use', 'assertion', 'scope']) {
    if (parameters[name] === undefined) throw new TokenRefusal(refusals.parameterMissing, 'none was sent', { name });
  }
  if (parameters['requested_token_use'] !== 'on_behalf_of')
    throw new TokenRefusal(refusals.parameterMissing, 'expected on_behalf_of', { name: 'requested_token_use' });
  if (parameters['resource'] !== undefined) throw new TokenRefusal(refusals.resourceParameter, 'scopes name the API');
  if (!app.grantTypes.includes(tokenExchangeGrant)) {
    const details = { clientId: app.clientId };
    throw new TokenRefusal(refusals.grantNotAllowed, 'the app’s grantTypes leave token exchange out', details);
  }
  const { claims, user } = await verifyAssertion(tenant, app, parameters['assertion'] ?? '');
  const asked = readScopes(tenant, app, parameters['scope'] ?? '', tokenExchangeGrant);
  const [api] = asked.apis;
  if (api === undefined)
    throw new TokenRefusal(refusals.scopeInvalid, 'no API is asked for', { scope: parameters['scope'] ?? '' });
  const lifetimeSeconds = askPolicies(tenant, asked, { app, user, grantType: tokenExchangeGrant });
  const isStrong = Array.isArray(claims['acrs']);
  if (api.multifactor && !isStrong)
    throw new TokenRefusal(refusals.multifactorRequired, `server ${api.id} has multifactor`, { api: api.audience });
  return {
    ...asked,
    app,
    user,
    lifetimeSeconds,
    authTime: Math.floor(tenant.now() / 1000),
    sessionId: '',
    isStrong,
  };
}

async function verifyAssertion(tenant: Tenant, app: SeedApp, assertion: string) {
  const verdict = await verifyToken(tenant, assertion);
  if (verdict.state === 'expired') throw new TokenRefusal(refusals.assertionExpired, 'the caller’s token');
  if (verdict.state === 'invalid')
    throw new TokenRefusal(refusals.assertionInvalid, `a token of ${String(issuerOf(assertion)).slice(0, 200)}`);
  const { claims } = verdict;
  // An ID token is for a client, without scopes.
  if (claims['scp'] === undefined) throw new TokenRefusal(refusals.idTokenSent, 'it has no scp');
  const found = String(claims.aud);
  if (withoutScheme(found) !== app.clientId) {
    const details = { found, expected: `api://${app.clientId}` };
    throw new TokenRefusal(refusals.assertionAudience, 'the token is another app’s', details);
  }
  const user = tenant.seed.users.find((one) => objectIdOf(one) === claims['oid']);
  if (user === undefined) throw new TokenRefusal(refusals.assertionInvalid, 'a token that stands for no user');
  return { claims, user };
}

function issuerOf(token: string): JWTPayload['iss'] {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
