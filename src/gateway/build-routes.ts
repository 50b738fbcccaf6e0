import { randomBytes } from 'node:crypto';
import { buildAnonymousAuthenticator } from '../authenticators/anonymous/build-anonymous-authenticator.ts';
import { buildProofCheck } from '../authenticators/dpop/build-proof-check.ts';
import { buildReplayMemory } from '../authenticators/dpop/replay-memory.ts';
import { buildSharedReplays } from '../authenticators/dpop/shared-replays.ts';
import { buildLocalTokenAuthenticator } from '../authenticators/local-token/build-local-token-authenticator.ts';
import { buildIntrospectionAuthenticator } from '../authenticators/introspection/build-introspection-authenticator.ts';
import { buildJwtAuthenticator } from '../authenticators/jwt/build-jwt-authenticator.ts';
import { sameSettings } from '../config/same-settings.ts';
import type { Config, ServerConfig } from '../config/schema.ts';
import { Roster } from '../lib/roster.ts';
import type { Authenticator } from '../model/authenticator.ts';
import type { Route } from '../model/route.ts';
import { Secret } from '../model/secret.ts';
import type { Upstream } from '../model/upstream.ts';
import { buildRateLimits } from '../policies/rate-limit/build-rate-limits.ts';
import { buildScopesPolicy } from '../policies/scopes/build-scopes-policy.ts';
import { buildHttpUpstream } from '../upstreams/http/build-http-upstream.ts';
import { buildSseUpstream } from '../upstreams/sse/build-sse-upstream.ts';
import { buildUnstarted } from './build-unstarted.ts';
import { buildServerCredential } from './build-credential.ts';
import { buildServerFacade } from './build-server-facade.ts';
import { buildOwners } from './build-owners.ts';
import { joinAuthenticators } from './join-authenticators.ts';
import { scopeSettings } from './scope-settings.ts';
import { upstreamUrl } from './upstream-url.ts';
import { resourceMetadataUrl } from './resource-metadata.ts';
import type { RouteDeps } from './route-deps.ts';

interface NamedDeps extends RouteDeps {
  /** Of the mounted server, for the log. */
  readonly name: string;
}

/** Routes that are served, and the configuration they were built from. */
export interface ServedRoutes {
  readonly config: Config;
  /** By path. */
  readonly routes: ReadonlyMap<string, Route>;
}

/** Builds every strategy once and binds it to its route, by path. From here on nobody reads configuration. Of what is
 * served already, every strategy whose settings are the same is kept, with what it knows: keys, tokens, connections.
 */
export function buildRoutes(config: Config, deps: RouteDeps, served?: ServedRoutes): ReadonlyMap<string, Route> {
  return new Map(
    Object.entries(config.servers).map(([name, server]) => {
      const named = { ...deps, name, host: config.listen.host };
      return [server.path, buildRoute(server, named, findEarlier(name, served))];
    }),
  );
}

/** One server as it is served already. */
interface Earlier {
  readonly server: ServerConfig;
  readonly route: Route;
}

function findEarlier(name: string, served: ServedRoutes | undefined): Earlier | undefined {
  if (served === undefined || !Object.hasOwn(served.config.servers, name)) return undefined;
  const server = served.config.servers[name];
  const route = server === undefined ? undefined : served.routes.get(server.path);
  return server === undefined || route === undefined ? undefined : { server, route };
}

function buildRoute(
  server: ServerConfig,
  deps: NamedDeps & { readonly host: string },
  earlier: Earlier | undefined,
): Route {
  if (earlier !== undefined && sameSettings(server, earlier.server)) return earlier.route;
  const resourceUrl = server.resourceUrl ?? `${deps.scheme}://localhost:${deps.port}${server.path}`;
  const keeps = (...parts: (keyof ServerConfig)[]) =>
    earlier !== undefined && parts.every((part) => sameSettings(server[part], earlier.server[part]))
      ? earlier.route
      : undefined;
  const allowedHosts = new Set(
    [new URL(resourceUrl).hostname, 'localhost', '127.0.0.1', '[::1]', deps.host, ...server.allowedHosts].map((host) =>
      host.toLowerCase(),
    ),
  );
  const shared = (use: string) => scopeSettings(deps.store, { use, server: deps.name, settings: server.upstream });
  return {
    name: deps.name,
    path: server.path,
    resourceUrl,
    resourceMetadataUrl: resourceMetadataUrl(resourceUrl),
    allowedHosts,
    allowedOrigins: new Set([new URL(resourceUrl).origin, ...server.allowedOrigins]),
    limits: { bodyBytes: server.bodyLimitBytes, streamGraceMs: server.streamGraceSeconds * 1000 },
    authenticator: keeps('authenticate')?.authenticator ?? buildAuthenticator(server, deps),
    proofs:
      keeps('authenticate', 'dpop', 'resourceUrl', 'path')?.proofs ?? buildProofs(server, { ...deps, resourceUrl }),
    policy: buildScopesPolicy(server.policy),
    rateLimits: keeps('authenticate', 'rateLimit')?.rateLimits ?? buildLimits(server, deps),
    // Whose callers have one of their own is said under authenticate.
    credential:
      keeps('authenticate', 'credential', 'remoteAuth', 'upstream')?.credential ??
      buildServerCredential(server, { ...deps, login: deps.logins?.loginFor(deps.name) }),
    forwardedHeaders: new Set(server.forwardHeaders.map((header) => header.toLowerCase())),
    // They name what the server behind made: with another server they are nobody's.
    sessions: keeps('upstream')?.sessions ?? buildOwners(shared('session')),
    tasks: keeps('upstream')?.tasks ?? buildOwners(shared('task')),
    listening: new Roster(),
    upstream:
      keeps('upstream', 'answerTimeoutSeconds')?.upstream ??
      deps.bridges?.get(deps.name) ??
      buildUpstream(server, deps),
    facade:
      keeps('authenticate', 'policy', 'facade', 'resourceUrl', 'path', 'allowedHosts')?.facade ??
      buildServerFacade(server, { ...deps, resourceUrl, allowedHosts }),
    workload: deps.workloads.get(deps.name),
  };
}

function buildUpstream(server: ServerConfig, { workloads, name, log, ca }: NamedDeps): Upstream {
  const { upstream } = server;
  if (upstream.transport === 'stdio' && upstream.strategy !== 'http') return buildUnstarted(upstream);
  const answerTimeoutMs = server.answerTimeoutSeconds * 1000;
  const url = workloads.get(name)?.url ?? upstreamUrl(server);
  if (upstream.transport === 'sse')
    return buildSseUpstream({ name, url, ca, settings: upstream, answerTimeoutMs, log });
  return buildHttpUpstream({ url, answerTimeoutMs, log, ...(ca === undefined ? {} : { ca }) });
}

function buildAuthenticator({ authenticate }: ServerConfig, deps: NamedDeps): Authenticator {
  const jwt = authenticate.filter((one) => one.strategy === 'jwt');
  if (authenticate.some(({ strategy }) => strategy === 'local-token')) {
    // Nobody has one that was not kept: a route that is only looked at takes no calls.
    const token = deps.logins?.callerTokenFor(deps.name) ?? new Secret(randomBytes(32).toString('base64url'));
    return buildLocalTokenAuthenticator(token, deps.name);
  }
  const introspection = authenticate.filter((one) => one.strategy === 'introspection');
  const signed = jwt.length === 0 ? undefined : buildJwtAuthenticator(jwt, deps);
  const asked = introspection.length === 0 ? undefined : buildIntrospectionAuthenticator(introspection, deps);
  if (signed !== undefined && asked !== undefined) return joinAuthenticators(signed, asked);
  return signed ?? asked ?? buildAnonymousAuthenticator();
}

function buildLimits({ rateLimit }: ServerConfig, { log, name, store }: NamedDeps) {
  return buildRateLimits(rateLimit, {
    now: () => performance.now(),
    log,
    server: name,
    scope: (rule, place) => scopeSettings(store, { use: 'rate limit', server: name, settings: { rule, place } }),
  });
}

/** Who takes everybody asks nobody for a key. */
function buildProofs({ authenticate, dpop }: ServerConfig, deps: NamedDeps & { readonly resourceUrl: string }) {
  const { resourceUrl, now } = deps;
  const skews = authenticate.flatMap((one) => (!('issuer' in one) ? [] : [one.clockSkewSeconds]));
  if (skews.length === 0) return undefined;
  const memory = deps.usedProofs.get(deps.name) ?? buildReplayMemory({ now });
  deps.usedProofs.set(deps.name, memory);
  const store = scopeSettings(deps.store, { use: 'proof', server: deps.name, settings: resourceUrl });
  const replays = store === undefined ? memory : buildSharedReplays(memory, store, now);
  const nonceSecret = store?.secretFor('nonces');
  return buildProofCheck(dpop, { resourceUrl, clockSkewSeconds: Math.max(...skews), replays, nonceSecret, now });
}
