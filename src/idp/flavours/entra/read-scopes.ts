import { oidcScopes } from '../../oidc-scopes.ts';
import { findRule } from '../../policy.ts';
import type { GrantType, SeedApp, SeedServer } from '../../seed/seed-schema.ts';
import type { Asked, Tenant } from '../flavour.ts';
import { TokenRefusal } from '../token-refusal.ts';
import { refusals } from './refusals.ts';

/** What the scopes name: `API/SCOPE` with the API's application id or its URI, or `API/.default` for all that was consented to
 * (learn.microsoft.com/entra/identity-platform/scopes-oidc). A token is for one API.
 * @throws TokenRefusal
 */
export function readScopes(
  tenant: Tenant,
  app: SeedApp,
  text: string,
  grantType: Exclude<GrantType, 'refresh_token'>,
): Asked {
  const asked = text.split(' ').filter((scope) => scope !== '');
  const own = asked.filter((scope) => !oidcScopes.has(scope));
  const found = own.map((scope) => readScope(tenant, app, scope));
  const apis = [...new Set(found.map(({ api }) => api))];
  if (apis.length > 1) throw new TokenRefusal(refusals.scopesOfTwoApis, asked.join(' '));
  const names = found.flatMap(({ api, name }) => (name === '.default' ? consented(api, app, grantType) : [name]));
  return { apis, scopes: [...new Set([...asked.filter((scope) => oidcScopes.has(scope)), ...names])] };
}

function readScope({ seed }: Tenant, app: SeedApp, scope: string): { readonly api: SeedServer; readonly name: string } {
  const slash = scope.lastIndexOf('/');
  if (slash < 0) throw new TokenRefusal(refusals.scopeOfGraph, 'no API in front', { scope, label: app.label });
  const [target, name] = [scope.slice(0, slash), scope.slice(slash + 1)];
  const api = seed.servers.find((server) => isNamed(server, target));
  if (api === undefined)
    throw new TokenRefusal(refusals.resourceUnknown, 'no server has it', { api: target, org: seed.org });
  if (name !== '.default' && !api.scopes.some((one) => one.name === name))
    throw new TokenRefusal(refusals.scopeInvalid, `server ${api.id} has no scope ${name}`, { scope });
  return { api, name };
}

/** By its application id, with or without `api://`, or by another of its Application ID URIs. */
export function isNamed({ audience, identifiers }: SeedServer, name: string): boolean {
  return withoutScheme(audience) === withoutScheme(name) || identifiers.includes(name);
}

/** The application id, however the API is named. */
export function withoutScheme(audience: string): string {
  return audience.replace(/^api:\/\//, '');
}

function consented(api: SeedServer, app: SeedApp, grantType: Exclude<GrantType, 'refresh_token'>): readonly string[] {
  return api.scopes
    .map(({ name }) => name)
    .filter(
      (name) => findRule(api, { clientId: app.clientId, grantType, user: undefined, scopes: [name] }) !== undefined,
    );
}
