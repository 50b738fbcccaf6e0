import { oidcScopes } from '../../oidc-scopes.ts';
import type { Asked, Tenant } from '../flavour.ts';

/** A scope is granted where it is asked for, or where it is one of the client's default scopes.
 * @param asked scopes that the realm knows
 */
export function readScopes({ seed }: Tenant, asked: readonly string[]): Asked {
  const defaults = seed.servers.flatMap((api) => api.scopes.filter((scope) => scope.default));
  const scopes = [...new Set([...asked, ...defaults.map(({ name }) => name)])];
  return { scopes, apis: seed.servers.filter((api) => api.scopes.some(({ name }) => scopes.includes(name))) };
}

/** Is it one of OpenID Connect, or of a client scope of the realm? */
export function isKnownScope({ seed }: Tenant, scope: string): boolean {
  return oidcScopes.has(scope) || seed.servers.some((api) => api.scopes.some(({ name }) => name === scope));
}
