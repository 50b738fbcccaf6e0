import { discoverSignIn } from '../authenticators/discover.ts';
import type { ServerConfig } from '../config/schema.ts';
import { buildFacade } from '../facade/build-facade.ts';
import { buildSpentMemory } from '../facade/spent.ts';
import type { Facade } from '../model/facade.ts';
import { fail } from '../model/usher-error.ts';
import { buildClientAuthentication } from '../oauth/client-authentication/build-client-authentication.ts';
import { everyScope, usualScopes } from '../policies/scopes/offered-scopes.ts';
import type { RouteDeps } from './route-deps.ts';
import { scopeSettings } from './scope-settings.ts';

const discoveryMs = 5_000;

interface FacadeBuildDeps extends RouteDeps {
  readonly name: string;
  readonly resourceUrl: string;
  readonly allowedHosts: ReadonlySet<string>;
}

/** The façade of one server; undefined where it has none.
 * @throws UsherError config_invalid
 */
export function buildServerFacade(server: ServerConfig, deps: FacadeBuildDeps): Facade | undefined {
  const { facade: settings, authenticate, policy } = server;
  if (settings === undefined) return undefined;
  const issuers = authenticate.flatMap((one) => ('issuer' in one ? [one] : []));
  const provider = issuers.find(({ issuer }) => settings.issuer === undefined || issuer === settings.issuer);
  if (provider === undefined)
    throw fail('config_invalid', { report: 'facade needs an issuer whose tokens the server takes' });
  const { issuer, insecureAllowHttp: allowHttp } = provider;
  const url = settings.url ?? `${new URL(deps.resourceUrl).origin}/oauth/${deps.name}`;
  const { name, resourceUrl, http, log, now } = deps;
  const spentMemory = deps.usedSignIns.get(name) ?? buildSpentMemory(now);
  deps.usedSignIns.set(name, spentMemory);
  return buildFacade(settings, {
    name,
    resourceUrl,
    url,
    issuer,
    allowedHosts: new Set([...deps.allowedHosts, new URL(url).hostname]),
    usualScopes: usualScopes(policy),
    everyScope: everyScope(policy),
    client: buildClientAuthentication(settings, deps),
    http,
    ca: deps.ca,
    discover: () => discoverSignIn(issuer, { http, timeoutMs: discoveryMs, allowHttp }),
    spentMemory,
    store: scopeSettings(deps.store, { use: 'façade', server: name, settings: url }),
    now,
    log,
  });
}
