import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { configSchema } from '../config/schema.ts';
import type { RunningGateway } from '../gateway/running-gateway.ts';
import { startGateway } from '../gateway/start-gateway.ts';
import type { RunningIdp } from '../idp/running-idp.ts';
import { startIdp } from '../idp/start-idp.ts';
import { findFreePort } from '../lib/find-free-port.ts';
import { quietLog } from '../model/log.ts';
import { Secret } from '../model/secret.ts';
import { fail } from '../model/usher-error.ts';
import type { DemoOptions } from './demo-options.ts';
import { holdFolder } from './hold-folder.ts';
import { requireExample, startCountriesApi, startCountriesServer, type TrustedIssuer } from './start-countries.ts';

/** Everything of the scenario, running. */
export interface Lab extends AsyncDisposable {
  readonly idp: RunningIdp;
  readonly gateway: RunningGateway;
  /** What clients know the MCP server by. */
  readonly mcpUrl: string;
  readonly apiUrl: string;
  readonly mcpServerUrl: string;
  readonly auditFile: string;
  readonly requireDpop: boolean;
  /** What the API printed, line by line. */
  readonly apiLines: readonly string[];
  /** Resolves with a sentence when one of the programs ended by itself. */
  readonly ended: Promise<string>;
}

/** Starts identity provider, API, MCP server and gateway, each on a free port.
 * @throws UsherError when one does not start; nothing is left running then
 */
export async function startLab(options: DemoOptions, done: (what: string, details: string) => void): Promise<Lab> {
  requireExample();
  const stateDir = resolve(options.stateDir);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await using started = new AsyncDisposableStack();
  started.use(await holdFolder(stateDir));
  const ports = await findPorts(options.ports);
  const idp = started.use(
    await startIdp({
      httpPort: ports.idpHttp,
      httpsPort: ports.idpHttps,
      stateDir: join(stateDir, 'idp'),
      requireDpop: options.requireDpop === true,
      ...(options.seedFile === undefined ? {} : { seedFile: options.seedFile }),
    }),
  );
  done('Identity provider', `${idp.httpUrl} and ${idp.httpsUrl}`);
  const [mcpserver, backend] = [findServer(idp, 'mcpserver'), findServer(idp, 'backend')];

  const apiUrl = `http://127.0.0.1:${ports.api}/`;
  const apiLines: string[] = [];
  const mcpServerUrl = `http://127.0.0.1:${ports.mcpServer}/mcp`;
  const requireDpop = options.requireDpop === true;
  const trusted = { ...trustBackend(idp, backend, stateDir), requireDpop };
  const [api, mcpServer] = await Promise.all([
    startCountriesApi({ ...trusted, port: ports.api, lines: apiLines }),
    startCountriesServer({ ...trusted, port: ports.mcpServer, apiUrl, program: options.mcpServer }),
  ]);
  started.use(api);
  started.use(mcpServer);
  done('Countries API', `${apiUrl} takes aud ${backend.audience} of ${backend.issuer}`);
  done('MCP server', mcpServerUrl);

  const auditFile = join(stateDir, 'audit.jsonl');
  const gateway = started.use(
    await startGateway(
      buildConfig({
        idp,
        mcpserver,
        backend,
        mcpServerUrl,
        auditFile,
        port: ports.gateway,
        proofsFor: options.requireDpop ? apiUrl : undefined,
      }),
      // The demo tells its story itself; what goes wrong is in the story.
      { log: quietLog },
    ),
  );
  const mcpUrl = gateway.servers[0]?.resourceUrl ?? gateway.url;
  done('Usher', `${mcpUrl} takes aud ${mcpserver.audience} of ${mcpserver.issuer}`);
  const resources = started.move();
  return {
    idp,
    gateway,
    mcpUrl,
    apiUrl,
    mcpServerUrl,
    auditFile,
    requireDpop: options.requireDpop === true,
    apiLines,
    ended: Promise.race([api.ended, mcpServer.ended]),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

type Server = RunningIdp['servers'][number];

/** What API and MCP server trust: the tokens of the back end's authorization server. */
function trustBackend(idp: RunningIdp, { issuer, audience, scopes }: Server, stateDir: string): TrustedIssuer {
  const required = scopes.filter((scope) => scope.includes(':'));
  return { issuer, audience, scopes: required, caFile: idp.caFile, stateDir };
}

function findServer(idp: RunningIdp, id: string): Server {
  const server = idp.servers.find((one) => one.id === id);
  if (server !== undefined) return server;
  throw fail('step_failed', { step: 'The demo', reason: `the seed has no authorization server ${JSON.stringify(id)}` });
}

async function findPorts(preferred: DemoOptions['ports']): Promise<DemoOptions['ports']> {
  const taken = new Set<number>();
  const next = async (port: number) => {
    const free = await findFreePort(port, '127.0.0.1', taken);
    taken.add(free);
    return free;
  };
  return {
    gateway: await next(preferred.gateway),
    idpHttp: await next(preferred.idpHttp),
    idpHttps: await next(preferred.idpHttps),
    api: await next(preferred.api),
    mcpServer: await next(preferred.mcpServer),
  };
}

interface Parts {
  readonly idp: RunningIdp;
  readonly mcpserver: Server;
  readonly backend: Server;
  readonly mcpServerUrl: string;
  readonly auditFile: string;
  readonly port: number;
  /** The API, to which the MCP server hands on token and proof; undefined where tokens are bound to no key. */
  readonly proofsFor: string | undefined;
}

function buildConfig({ idp, mcpserver, backend, mcpServerUrl, auditFile, port, proofsFor }: Parts) {
  const app = idp.apps.find((one) => one.clientId === 'gateway');
  return configSchema.parse({
    listen: { port },
    caFile: idp.caFile,
    audit: { file: auditFile },
    servers: {
      countries: {
        authenticate: [{ strategy: 'jwt', issuer: mcpserver.issuer, audience: [mcpserver.audience] }],
        dpop: { required: proofsFor !== undefined },
        policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
        credential: {
          strategy: 'token-exchange',
          url: backend.tokenUrl,
          clientId: app?.clientId ?? 'gateway',
          clientSecret: new Secret(app?.clientSecret ?? ''),
          audience: [backend.audience],
          scopes: ['backend-api:read'],
          ...(proofsFor === undefined ? {} : { dpop: true, dpopUrl: proofsFor }),
        },
        upstream: { strategy: 'http', url: mcpServerUrl },
      },
    },
  });
}
