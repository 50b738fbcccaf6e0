import { oidcScopes } from '../oidc-scopes.ts';
import { findRule } from '../policy.ts';
import type { SeedApp, SeedUser } from '../seed/seed-schema.ts';
import type { Asked, Tenant } from './flavour.ts';
import { TokenRefusal } from './token-refusal.ts';
import type { tokenExchangeGrant } from '../../model/urns.ts';

/** Who asks, and how. */
export interface Asker {
  readonly app: SeedApp;
  readonly user: SeedUser;
  readonly grantType: 'authorization_code' | typeof tokenExchangeGrant;
}

/** How long what is asked for may last, in seconds: the shortest the rules of its APIs say, an hour without an API. Of a seed's
 * policies these providers have what they call grants, consents and assignments.
 * @throws TokenRefusal scopeNotGranted, or userNotAllowed where others would be
 */
export function askPolicies(tenant: Tenant, { apis, scopes }: Asked, { app, user, grantType }: Asker): number {
  const { refusals } = tenant.flavour;
  const lifetimes = apis.map((api) => {
    const own = scopes.filter((scope) => !oidcScopes.has(scope) && api.scopes.some(({ name }) => name === scope));
    const question = { clientId: app.clientId, grantType, user, scopes: own };
    const rule = findRule(api, question);
    if (rule !== undefined) return rule.accessTokenLifetimeMinutes * 60;
    const details = {
      clientId: app.clientId,
      label: app.label,
      api: api.audience,
      scopes: own.join(' '),
      user: user.login,
    };
    // Without a user the people condition does not apply.
    if (findRule(api, { ...question, user: undefined }) !== undefined)
      throw new TokenRefusal(refusals.userNotAllowed, `the rules of ${api.id} leave ${user.login} out`, details);
    // No scope is covered by every rule that is for this client and grant.
    const hasSome = findRule(api, { ...question, user: undefined, scopes: [] }) !== undefined;
    const reason = `no active rule of ${api.id} grants ${grantType} with [${own.join(' ')}] to ${app.clientId}`;
    throw new TokenRefusal(
      (hasSome ? refusals.scopeNotAmongGranted : undefined) ?? refusals.scopeNotGranted,
      reason,
      details,
    );
  });
  return lifetimes.length === 0 ? 3600 : Math.min(...lifetimes);
}
