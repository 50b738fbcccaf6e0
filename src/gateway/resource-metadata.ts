import type { Route } from '../model/route.ts';

const wellKnown = '/.well-known/oauth-protected-resource';

/** RFC 9728 §3.1: the well-known part stands between host and path; a query stays at the end. */
export function resourceMetadataUrl(resourceUrl: string): string {
  const { origin, pathname, search } = new URL(resourceUrl);
  return `${origin}${wellKnown}${pathname === '/' ? '' : pathname}${search}`;
}

/** The protected resource metadata document (RFC 9728 §2). */
export function buildResourceMetadata({
  name,
  resourceUrl,
  authenticator,
  policy,
  proofs,
  facade,
}: Route): Readonly<Record<string, unknown>> {
  return {
    resource: resourceUrl,
    resource_name: name,
    authorization_servers: authorizationServers({ authenticator, facade }),
    ...(policy.scopes.length === 0 ? {} : { scopes_supported: policy.scopes }),
    bearer_methods_supported: ['header'],
    ...(proofs === undefined
      ? {}
      : {
          dpop_signing_alg_values_supported: proofs.algorithms,
          dpop_bound_access_tokens_required: proofs.isRequired,
        }),
  };
}

/** Where clients get tokens for a server: at the issuers, or by a façade in front of one. */
export function authorizationServers({ authenticator, facade }: Pick<Route, 'authenticator' | 'facade'>): string[] {
  return authenticator.issuers.map((issuer) => (facade?.providerIssuer === issuer ? facade.issuer : issuer));
}

/** Where a server's document is served: behind the path clients know it by, behind the path it is mounted at, and at the
 * root when it is the only one that needs a token. Clients try the path form first, then the root form.
 */
export function resourceMetadataPaths(routes: readonly Route[]): ReadonlyMap<string, Route> {
  const guarded = routes.filter(({ authenticator }) => authenticator.needsToken && authenticator.issuers.length > 0);
  const paths = new Map<string, Route>();
  const [only] = guarded;
  if (guarded.length === 1 && only !== undefined) paths.set(wellKnown, only);
  for (const route of guarded) {
    for (const url of [route.resourceMetadataUrl, `http://mounted${wellKnown}${route.path}`]) {
      const { pathname } = new URL(url);
      if (!paths.has(pathname)) paths.set(pathname, route);
    }
  }
  return paths;
}
