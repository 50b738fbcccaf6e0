import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { resolve } from 'node:path';
import { isLoopbackHost } from '../../lib/loopback.ts';
import { cleanLog } from '../clean-log.ts';
import { pageHeaders } from '../pages.ts';
import type { IdpOptions, RunningIdp } from '../running-idp.ts';
import { parseSeed } from '../seed/parse-seed.ts';
import { readSeed } from '../seed/read-seed.ts';
import type { Seed } from '../seed/seed-schema.ts';
import { startListener } from '../start-listener.ts';
import { readCertificates } from '../tls/read-certificates.ts';
import { landingPage } from '../views/landing-page.ts';
import type { Flavour, Tenant } from './flavour.ts';
import { buildTenantHandler } from './handle-tenant.ts';
import { buildRegisteredApps } from './registered-apps.ts';
import { buildSeenProofs } from './seen-proofs.ts';
import { buildSessions } from './sessions.ts';
import { openTenantKeys } from './tenant-keys.ts';

/** The longest that any of them takes a proof for. */
const proofSeconds = 60;

/** Starts the development identity provider as somebody else than Okta: one issuer, on the scheme the seed gives its first
 * server, whose servers are the APIs it issues tokens for.
 * @throws UsherError `config_invalid` (seed), `port_busy`, `listen_failed`
 */
export async function startTenant(
  options: IdpOptions & { readonly host: string },
  flavour: Flavour,
): Promise<RunningIdp> {
  const seed =
    options.seedFile === undefined
      ? parseSeed(flavour.defaultSeed, `default seed of ${flavour.name}`)
      : await readSeed(options.seedFile);
  const stateDir = resolve(options.stateDir);
  const [certificates, keys] = await Promise.all([
    readCertificates(stateDir, Date.now),
    openTenantKeys(stateDir, flavour.name),
  ]);
  const http = createHttpServer();
  const https = createHttpsServer({ cert: certificates.certificate, key: certificates.key, minVersion: 'TLSv1.2' });
  // Whoever calls before all is built waits for it.
  const ready = Promise.withResolvers<(request: IncomingMessage, response: ServerResponse, side: string) => void>();
  http.on('request', (request, response) => void ready.promise.then((answer) => answer(request, response, httpUrl)));
  https.on('request', (request, response) => void ready.promise.then((answer) => answer(request, response, httpsUrl)));
  await using listeners = new AsyncDisposableStack();
  const listen = async (server: Server, port: number) => {
    const listener = await startListener(server, options.host, port);
    listeners.defer(async () => await listener.close());
    return listener.port;
  };
  const httpUrl = `http://localhost:${await listen(http, options.httpPort)}`;
  const httpsUrl = `https://localhost:${await listen(https, options.httpsPort)}`;
  const layout = flavour.layout(seed);
  const origin = seed.servers[0]?.scheme === 'https' ? httpsUrl : httpUrl;
  const tenant: Tenant = {
    flavour,
    seed,
    origin,
    issuer: origin + layout.issuer,
    layout,
    keys: () => keys.current(),
    now: Date.now,
    log: cleanLog(options.log),
    secret: randomBytes(32).toString('base64url'),
    sessions: buildSessions(seed.lifetimes.sessionMinutes, Date.now),
    registered: buildRegisteredApps(),
    proofs: buildSeenProofs(proofSeconds),
  };
  const described = { httpUrl, httpsUrl, caFile: certificates.caFile, ...describe(tenant, seed) };
  const handle = buildTenantHandler(tenant);
  ready.resolve((request, response, side) => {
    const { host = '' } = request.headers;
    // Anything else may be a rebound DNS name of a web page.
    const isHere = isLoopbackHost(URL.parse(`http://${host}`)?.hostname ?? '');
    if (!isHere || side !== origin) return refuse(response, isHere ? 404 : 421, `This provider is served at ${origin}`);
    if (request.url === '/' && request.method === 'GET')
      return showLanding(response, landingPage({ org: seed.org, ...described }));
    keys
      .refresh()
      .catch((error: unknown) => tenant.log('signing keys not read again', { reason: String(error) }))
      .finally(() => handle(request, response));
  });
  const open = listeners.move();
  const close = async () => await open.disposeAsync();
  return {
    ...described,
    rotateKeys: async () => await keys.rotate(Date.now()),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function describe({ origin, issuer, layout }: Tenant, seed: Seed): Pick<RunningIdp, 'servers' | 'apps' | 'users'> {
  return {
    servers: seed.servers.map(({ id, name, audience, scopes }) => ({
      id,
      name,
      issuer,
      audience,
      jwksUrl: origin + layout.keys,
      tokenUrl: origin + layout.token,
      authorizeUrl: origin + layout.authorize,
      scopes: scopes.map((scope) => scope.name),
    })),
    apps: seed.apps.map(({ clientId, clientSecret, label, redirectUris }) => ({
      clientId,
      clientSecret,
      label,
      redirectUris,
    })),
    users: seed.users.map(({ login, password, name }) => ({ login, password, name })),
  };
}

function showLanding(response: ServerResponse, page: string): void {
  response.writeHead(200, { ...pageHeaders(), 'Content-Type': 'text/html; charset=utf-8' });
  response.end(page);
}

function refuse(response: ServerResponse, status: number, description: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(`${JSON.stringify({ error: 'invalid_request', error_description: description })}\n`);
}
