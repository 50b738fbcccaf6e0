import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { resolve } from 'node:path';
import { isLoopbackHost } from '../lib/loopback.ts';
import { fail } from '../model/usher-error.ts';
import type { RequestHandler } from './authorization-server.ts';
import { cleanLog } from './clean-log.ts';
import { describeRunning } from './describe-running.ts';
import { buildDirectory } from './directory.ts';
import type { Org, ServerContext } from './org.ts';
import { buildRouter } from './router.ts';
import type { IdpOptions, RunningIdp } from './running-idp.ts';
import { readSeed } from './seed/read-seed.ts';
import type { Seed } from './seed/seed-schema.ts';
import { serve } from './serve.ts';
import { readSigningKeys, rotateSigningKeys } from './signing-keys.ts';
import { startListener } from './start-listener.ts';
import { buildStore } from './store.ts';
import { readCertificates } from './tls/read-certificates.ts';
import { landingPage } from './views/landing-page.ts';

/** Starts the development identity provider: one org with its authorization servers, each on the scheme the seed gives
 * it, on loopback only.
 * @throws UsherError `config_invalid` (seed, host, NODE_ENV), `port_busy`, `listen_failed`
 */
export async function startIdp(options: IdpOptions): Promise<RunningIdp> {
  const host = options.host ?? '127.0.0.1';
  refuseDanger(host);
  const seed = withDpop(await readSeed(options.seedFile), options.requireDpop);
  const stateDir = resolve(options.stateDir);
  const [certificates, ...keys] = await Promise.all([
    readCertificates(stateDir, Date.now),
    ...seed.servers.map((server) => readSigningKeys(stateDir, server.id)),
  ]);
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
  const httpUrl = `http://localhost:${await listen(http, options.httpPort)}`;
  const httpsUrl = `https://localhost:${await listen(https, options.httpsPort)}`;
  const org = buildOrg(seed, cleanLog(options.log));
  const served = await Promise.all(
    seed.servers.map((server, index) => {
      const issuer = `${server.scheme === 'http' ? httpUrl : httpsUrl}/oauth2/${server.id}`;
      const first = keys[index];
      if (first === undefined) throw new Error('a server without keys');
      return serve({ org: org.value, server, issuer, stateDir, first });
    }),
  );
  for (const one of served) org.add(one.context);
  const running = describeRunning(
    seed,
    served.map(({ context }) => context),
    { httpUrl, httpsUrl, caFile: certificates.caFile },
  );
  const servers = served.map(({ context, handle }) => ({ id: context.server.id, issuer: context.issuer, handle }));
  const landing = () => landingPage({ org: seed.org, ...running });
  routers.resolve({
    http: buildRouter({ base: httpUrl, servers, landing }),
    https: buildRouter({ base: httpsUrl, servers, landing }),
  });
  const open = listeners.move();
  const close = async () => await open.disposeAsync();
  return {
    ...running,
    rotateKeys: async (serverId) => await rotate(stateDir, seed, serverId),
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

function buildOrg(seed: Seed, log: Org['log']) {
  const contexts = new Map<string, ServerContext>();
  const value: Org = {
    seed,
    directory: buildDirectory(seed),
    store: buildStore(),
    log,
    now: Date.now,
    cookieSecret: randomBytes(32).toString('base64url'),
    dpopNonceSecret: randomBytes(32),
    findServer: (id) => contexts.get(id),
  };
  return { value, add: (context: ServerContext) => contexts.set(context.server.id, context) };
}

async function rotate(stateDir: string, seed: Seed, serverId: string | undefined): Promise<void> {
  const chosen = seed.servers.filter((server) => serverId === undefined || server.id === serverId);
  if (chosen.length === 0) {
    const known = seed.servers.map((server) => server.id).join(', ');
    throw fail('config_invalid', {
      report: `Cannot rotate keys: there is no server "${serverId ?? ''}", expected one of ${known}`,
    });
  }
  await Promise.all(chosen.map((server) => rotateSigningKeys(stateDir, server.id, Date.now())));
}
