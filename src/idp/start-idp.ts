import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { resolve } from 'node:path';
import { isLoopbackHost } from '../lib/loopback.ts';
import { fail } from '../model/usher-error.ts';
import type { RequestHandler } from './authorization-server.ts';
import { cleanLog } from './clean-log.ts';
import { describeRunning } from './describe-running.ts';
import { DeviceWaits } from './device-waits.ts';
import { buildDirectory } from './directory.ts';
import { flavours } from './flavours/flavours.ts';
import { startTenant } from './flavours/start-tenant.ts';
import { readApiToken } from './management/api-token.ts';
import { buildApiHandler } from './management/handle-api.ts';
import type { Org } from './org.ts';
import { buildRouter } from './router.ts';
import type { IdpOptions, RunningIdp } from './running-idp.ts';
import { readSeed } from './seed/read-seed.ts';
import type { Seed } from './seed/seed-schema.ts';
import { openServers, type OpenServers } from './open-servers.ts';
import { startListener } from './start-listener.ts';
import { readOrgState } from './state/org-state.ts';
import { buildStore } from './store.ts';
import { buildSystemLog } from './system-log.ts';
import { readCertificates } from './tls/read-certificates.ts';
import { landingPage } from './views/landing-page.ts';

/** Starts the development identity provider: one org with its authorization servers, each on the scheme the seed gives
 * it, on loopback only.
 * @throws UsherError `config_invalid` (seed, host, NODE_ENV), `port_busy`, `listen_failed`
 */
export async function startIdp(options: IdpOptions): Promise<RunningIdp> {
  const host = options.host ?? '127.0.0.1';
  refuseDanger(host);
  const { flavour = 'okta' } = options;
  if (flavour !== 'okta') return await startTenant({ ...options, host }, flavours[flavour]);
  const seed = withDpop(await readSeed(options.seedFile), options.requireDpop);
  const stateDir = resolve(options.stateDir);
  // First: what is damaged stops it before anything is written.
  const org = await readOrg(seed, stateDir, cleanLog(options.log));
  const [certificates, apiToken] = await Promise.all([readCertificates(stateDir, Date.now), readApiToken(stateDir)]);
  const servers = openServers(org.value, stateDir);
  org.findIn(servers);
  await servers.makeKeys();
  const http = createHttpServer();
  const https = createHttpsServer({ cert: certificates.certificate, key: certificates.key, minVersion: 'TLSv1.2' });
  // Whoever calls before all is built waits for it.
  const routers = Promise.withResolvers<Readonly<Record<'http' | 'https', RequestHandler>>>();
  http.on('request', (request, response) => void routers.promise.then((to) => to.http(request, response)));
  https.on('request', (request, response) => void routers.promise.then((to) => to.https(request, response)));
  await using listeners = new AsyncDisposableStack();
  const listen = async (server: Server, port: number) => {
    const listener = await startListener(server, host, port);
    listeners.defer(async () => await listener.close());
    return listener.port;
  };
  const urls = {
    http: `http://localhost:${await listen(http, options.httpPort)}`,
    https: `https://localhost:${await listen(https, options.httpsPort)}`,
  };
  await servers.openAll(urls);
  const fixed = {
    httpUrl: urls.http,
    httpsUrl: urls.https,
    caFile: certificates.caFile,
    apiTokenFile: apiToken.file,
  };
  const describe = () => describeRunning(org.value.state.current, servers.contexts());
  const routerOf = (scheme: 'http' | 'https') => {
    const manage = buildApiHandler({ org: org.value, base: urls[scheme], scheme, ...servers }, apiToken);
    return buildRouter({
      base: urls[scheme],
      servers: () => servers.served(),
      manage: (request, response) => void manage(request, response),
      landing: () => landingPage({ org: seed.org, ...fixed, ...describe() }),
    });
  };
  routers.resolve({ http: routerOf('http'), https: routerOf('https') });
  const open = listeners.move();
  const close = async () => await open.disposeAsync();
  return {
    ...fixed,
    get servers() {
      return describe().servers;
    },
    get apps() {
      return describe().apps;
    },
    get users() {
      return describe().users;
    },
    rotateKeys: async (serverId) => await rotate(servers, org.value, serverId),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function withDpop(seed: Seed, isRequired = false): Seed {
  return isRequired ? { ...seed, apps: seed.apps.map((app) => ({ ...app, requireDpop: true })) } : seed;
}

function refuseDanger(host: string): void {
  if (process.env.NODE_ENV === 'production') {
    throw fail('config_invalid', {
      report:
        'Cannot start the development identity provider: NODE_ENV is "production". Its passwords and secrets are public; use a real provider.',
    });
  }
  if (!isLoopbackHost(host)) {
    throw fail('config_invalid', {
      report: `Cannot start the development identity provider: host is "${host}", expected a loopback address such as 127.0.0.1. It must not be reachable from other machines.`,
    });
  }
}

async function readOrg(seed: Seed, stateDir: string, log: Org['log']) {
  let servers: OpenServers | undefined;
  const systemLog = buildSystemLog(Date.now);
  const state = await readOrgState(stateDir, seed, log);
  const value: Org = {
    seed,
    state,
    systemLog,
    directory: buildDirectory(state),
    store: buildStore(),
    log: systemLog.listenTo(log),
    now: Date.now,
    cookieSecret: randomBytes(32).toString('base64url'),
    dpopNonceSecret: randomBytes(32),
    deviceWaits: new DeviceWaits(Date.now()),
    findServer: (id) => servers?.find(id),
  };
  return { value, findIn: (opened: OpenServers) => (servers = opened) };
}

async function rotate(servers: OpenServers, { state }: Org, serverId: string | undefined): Promise<void> {
  const chosen = state.current.servers.filter((server) => serverId === undefined || server.id === serverId);
  if (chosen.length === 0) {
    const known = state.current.servers.map((server) => server.id).join(', ');
    throw fail('config_invalid', {
      report: `Cannot rotate keys: there is no server "${serverId ?? ''}", expected one of ${known}`,
    });
  }
  await Promise.all(chosen.map((server) => servers.rotateKeys(server.id)));
}
