import type { ScopesSettings } from './schema.ts';

/** Everybody's, whatever the API (OpenID Connect Core §5.4, §11). */
const withoutApi = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access']);

/** Scopes by the names clients ask for them with. */
export function askedFor(scopes: readonly string[], prefix: string | undefined): readonly string[] {
  return prefix === undefined ? scopes : scopes.map((scope) => (withoutApi.has(scope) ? scope : prefix + scope));
}

/** What a client should ask for at first. */
export function usualScopes({ required, prefix }: ScopesSettings): readonly string[] {
  return askedFor(required, prefix);
}

/** All that any call may need, a client that steps up included. */
export function everyScope({ required, methods, tools, prefix }: ScopesSettings): readonly string[] {
  const all = [required, ...Object.values(methods), ...Object.values(tools)].flat();
  return askedFor([...new Set(all)], prefix);
}
