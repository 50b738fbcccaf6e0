import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { isLoopbackHost } from '../lib/loopback.ts';
import { fail } from '../model/usher-error.ts';
import { cleanLog } from './clean-log.ts';
import { buildAuthorizationServer, type RequestHandler } from './authorization-server.ts';
import { buildDirectory } from './directory.ts';
import type { Org, ServerContext } from './org.ts';
import { buildRouter, type ServedSide } from './router.ts';
import type { IdpOptions, RunningIdp } from './running-idp.ts';
import { readSeed } from './seed/read-seed.ts';
import type { Seed } from './seed/seed-schema.ts';
import { readSigningKeys, readSigningKeysVersion, rotateSigningKeys, type SigningKeys } from './signing-keys.ts';
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
  const seed = await readSeed(options.seedFile);
  const stateDir = resolve(options.stateDir);
  const [certificates, ...keys] = await Promise.all([
    readCertificates(stateDir, Date.now),
    ...seed.servers.map((server) => readSigningKeys(stateDir, server.id)),
  ]);
  const httpServer = createHttpServer();
  const httpsServer = createHttpsServer({
    cert: certificates.certificate,
    key: certificates.key,
    minVersion: 'TLSv1.2',
  });
  const servers = [httpServer, httpsServer];
  try {
    const httpUrl = `http://localhost:${await listen(httpServer, host, options.httpPort)}`;
    const httpsUrl = `https://localhost:${await listen(httpsServer, host, options.httpsPort)}`;
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
    const running = describeRunning(seed, served, { httpUrl, httpsUrl, caFile: certificates.caFile });
    const landing = () => landingPage({ org: seed.org, ...running });
    const side = (scheme: 'http' | 'https'): ServedSide => ({
      scheme,
      base: scheme === 'http' ? httpUrl : httpsUrl,
      servers: served.map(({ context, handle }) => ({ id: context.server.id, issuer: context.issuer, handle })),
      landing,
      log: org.value.log,
    });
    httpServer.on('request', buildRouter(side('http')));
    httpsServer.on('request', buildRouter(side('https')));
    const close = async () => await closeAll(servers);
    return {
      ...running,
      rotateKeys: async (serverId) => {
        await rotate(stateDir, seed, serverId);
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
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

interface Serving extends Pick<ServerContext, 'org' | 'server' | 'issuer'> {
  readonly stateDir: string;
  readonly first: SigningKeys;
}

/** A server that takes over new keys as soon as they are in the state folder, whoever put them there. */
async function serve({ org, server, issuer, stateDir, first }: Serving) {
  let keys = first;
  let version = await readSigningKeysVersion(stateDir, server.id);
  const context: ServerContext = { org, server, issuer, keys: () => keys };
  let answer = await buildAuthorizationServer(context);
  const refresh = async () => {
    const found = await readSigningKeysVersion(stateDir, server.id);
    if (found === version) return;
    keys = await readSigningKeys(stateDir, server.id);
    version = found;
    answer = await buildAuthorizationServer(context);
    org.log('signing keys rotated', { server: server.id, kid: keys.current.kid });
  };
  const handle: RequestHandler = (request, response) => {
    refresh()
      .catch((error: unknown) => {
        org.log('signing keys not read again', { server: server.id, reason: String(error) });
      })
      .finally(() => answer(request, response));
  };
  return { context, handle };
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

function describeRunning(
  seed: Seed,
  served: readonly { readonly context: ServerContext }[],
  urls: Pick<RunningIdp, 'httpUrl' | 'httpsUrl' | 'caFile'>,
): Omit<RunningIdp, 'rotateKeys' | 'close' | typeof Symbol.asyncDispose> {
  return {
    ...urls,
    servers: served.map(({ context: { server, issuer } }) => ({
      id: server.id,
      name: server.name,
      issuer,
      audience: server.audience,
      jwksUrl: `${issuer}/v1/keys`,
      tokenUrl: `${issuer}/v1/token`,
      authorizeUrl: `${issuer}/v1/authorize`,
      scopes: server.scopes.map((scope) => scope.name),
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

/** Listens and gives the port. */
async function listen(server: Server, host: string, port: number): Promise<number> {
  return await new Promise((settle, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const address = `${host}:${port}`;
      const reason = error.message;
      reject(
        error.code === 'EADDRINUSE'
          ? fail('port_busy', { address }, { cause: error })
          : fail('listen_failed', { address, reason }, { cause: error }),
      );
    });
    server.listen(port, host, () => {
      const address: string | AddressInfo | null = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('not a TCP server'));
      settle(address.port);
    });
  });
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((settle) => {
          server.close(() => settle());
          server.closeAllConnections();
        }),
    ),
  );
}
