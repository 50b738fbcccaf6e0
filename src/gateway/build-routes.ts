import { buildAnonymousAuthenticator } from '../authenticators/anonymous/build-anonymous-authenticator.ts';
import { buildJwtAuthenticator } from '../authenticators/jwt/build-jwt-authenticator.ts';
import type { Config, ServerConfig } from '../config/schema.ts';
import { buildNoneCredential } from '../credentials/none/build-none-credential.ts';
import { buildTokenExchangeCredential } from '../credentials/token-exchange/build-token-exchange-credential.ts';
import type { Clock } from '../lib/clock.ts';
import type { HttpClient } from '../lib/http-client.ts';
import type { Authenticator } from '../model/authenticator.ts';
import type { Log } from '../model/log.ts';
import type { Credential } from '../model/credential.ts';
import type { Route } from '../model/route.ts';
import type { Workload } from '../model/workload.ts';
import { buildScopesPolicy } from '../policies/scopes/build-scopes-policy.ts';
import { buildHttpUpstream } from '../upstreams/http/build-http-upstream.ts';
import { buildOwners } from './build-owners.ts';
import { resourceMetadataUrl } from './resource-metadata.ts';

export interface RouteDeps {
  /** For identity providers. */
  readonly http: HttpClient;
  readonly ca: readonly string[] | undefined;
  readonly now: Clock;
  readonly log: Log;
  /** The port that is really listened on; part of the default resource URL. */
  readonly port: number;
  /** Servers that are run here, by name. */
  readonly workloads: ReadonlyMap<string, Workload>;
}

interface NamedDeps extends RouteDeps {
  /** Of the mounted server, for the log. */
  readonly name: string;
}

/** Builds every strategy once and binds it to its route, by path. From here on nobody reads configuration. */
export function buildRoutes(config: Config, deps: RouteDeps): ReadonlyMap<string, Route> {
  return new Map(
    Object.entries(config.servers).map(([name, server]) => [
      server.path,
      buildRoute(name, server, { ...deps, host: config.listen.host }),
    ]),
  );
}

function buildRoute(name: string, server: ServerConfig, deps: RouteDeps & { readonly host: string }): Route {
  const resourceUrl = server.resourceUrl ?? `http://localhost:${deps.port}${server.path}`;
  return {
    name,
    path: server.path,
    resourceUrl,
    resourceMetadataUrl: resourceMetadataUrl(resourceUrl),
    allowedHosts: new Set(
      [new URL(resourceUrl).hostname, 'localhost', '127.0.0.1', '[::1]', deps.host, ...server.allowedHosts].map(
        (host) => host.toLowerCase(),
      ),
    ),
    allowedOrigins: new Set([new URL(resourceUrl).origin, ...server.allowedOrigins]),
    limits: { bodyBytes: server.bodyLimitBytes },
    authenticator: buildAuthenticator(server, { ...deps, name }),
    policy: buildScopesPolicy(server.policy),
    credential: buildCredential(server, { ...deps, name }),
    forwardedHeaders: new Set(server.forwardHeaders.map((header) => header.toLowerCase())),
    sessions: buildOwners(),
    tasks: buildOwners(),
    upstream: buildHttpUpstream({
      url: upstreamUrl(server),
      answerTimeoutMs: server.answerTimeoutSeconds * 1000,
      log: deps.log,
      ...(deps.ca === undefined ? {} : { ca: deps.ca }),
    }),
    workload: deps.workloads.get(name),
  };
}

function buildAuthenticator({ authenticate }: ServerConfig, deps: NamedDeps): Authenticator {
  const jwt = authenticate.filter((one) => one.strategy === 'jwt');
  return jwt.length === 0 ? buildAnonymousAuthenticator() : buildJwtAuthenticator(jwt, deps);
}

function buildCredential({ credential }: ServerConfig, deps: NamedDeps): Credential {
  switch (credential.strategy) {
    case 'token-exchange':
      return buildTokenExchangeCredential(credential, deps);
    case 'none':
      return buildNoneCredential();
  }
}

/** Where the MCP endpoint behind is. */
export function upstreamUrl({ upstream }: ServerConfig): string {
  if (upstream.strategy === 'process') return `http://127.0.0.1:${upstream.targetPort}${upstream.targetPath}`;
  const url = new URL(upstream.url);
  if (url.pathname === '/') url.pathname = '/mcp';
  return url.href;
}
