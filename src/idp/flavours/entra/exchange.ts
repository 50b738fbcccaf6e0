import type { SeedApp, SeedServer } from '../../seed/seed-schema.ts';
import { askPolicies } from '../ask-policy.ts';
import type { Granted, Parameters, Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { checkConditionalAccess } from './conditional-access.ts';
import { readAssertion } from './read-assertion.ts';
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
  const { claims, user } = await readAssertion(tenant, app, parameters['assertion'] ?? '');
  const asked = readScopes(tenant, app, parameters['scope'] ?? '', tokenExchangeGrant);
  const [api] = asked.apis;
  if (api === undefined)
    throw new TokenRefusal(refusals.scopeInvalid, 'no API is asked for', { scope: parameters['scope'] ?? '' });
  checkResource(api, parameters['scope'] ?? '');
  const lifetimeSeconds = askPolicies(tenant, asked, { app, user, grantType: tokenExchangeGrant });
  const isStrong = Array.isArray(claims['acrs']);
  checkConditionalAccess(api, { isStrong, claims });
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

/** Is the API one that tokens are issued for at all?
 * @throws TokenRefusal
 */
function checkResource(api: SeedServer, scope: string): void {
  const details = { api: api.audience };
  if (api.disabled === true) throw new TokenRefusal(refusals.resourceDisabled, `server ${api.id} is disabled`, details);
  // By its application id alone: an Application ID URI would have to be on a verified domain.
  const isById = scope.split(' ').some((one) => one.startsWith(`${withoutScheme(api.audience)}/`));
  if (api.acceptMappedClaims === true && !isById)
    throw new TokenRefusal(refusals.claimsMapping, `server ${api.id} has acceptMappedClaims`, details);
}
