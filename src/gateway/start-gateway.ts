import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { getCACertificates } from 'node:tls';
import { startJsonlSink } from '../audit/jsonl/build-jsonl-sink.ts';
import type { Config } from '../config/schema.ts';
import { describe } from '../lib/describe-error.ts';
import { buildHttpClient } from '../lib/http-client.ts';
import type { Inbound } from '../model/stages.ts';
import type { Log } from '../model/log.ts';
import { fail } from '../model/usher-error.ts';
import { buildInbound } from '../pipeline/build-inbound.ts';
import { handle, type PipelineDeps } from '../pipeline/handle.ts';
import { refuse } from '../pipeline/refuse.ts';
import { startProcess, type RunningProcess } from '../workloads/process/start-process.ts';
import { buildRoutes } from './build-routes.ts';
import { buildEndpoints, type Endpoint } from './endpoints.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';
import type { RunningGateway } from './running-gateway.ts';

export interface GatewayOptions {
  readonly log: Log;
  /** Injected by tests that move time. */
  readonly now?: () => number;
}

const maxHeaderBytes = 32 * 1024;
const drainMs = 10_000;

/** Starts everything a configuration describes: child processes, audit trail, listener. Returns when it listens.
 * @throws UsherError of stage configure or start; nothing is left running then
 */
export async function startGateway(config: Config, options: GatewayOptions): Promise<RunningGateway> {
  await using started = new AsyncDisposableStack();
  const ca = await readCa(config.caFile);
  const http = buildHttpClient(ca === undefined ? {} : { ca });
  started.defer(() => http.close());
  const audit = await startJsonlSink(config.audit);
  started.defer(() => audit.close());
  const processes = await startProcesses(config, options.log, started);
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: 15_000,
    requestTimeout: 60_000,
    keepAliveTimeout: 30_000,
  });
  const port = await listen(server, config.listen);
  const routes = buildRoutes(config, { http, ca, port, now: options.now ?? Date.now });
  for (const route of routes.values()) started.defer(() => route.upstream.close());
  const traffic = new Traffic({ routes, audit, log: options.log });
  server.on('request', traffic.take);
  server.on('clientError', (problem, socket) => refuseUnreadable(problem, socket, { audit, maxHeaderBytes }));
  started.defer(() => traffic.drain(server));
  for (const route of routes.values()) void route.authenticator.warmUp();

  const resources = started.move();
  const url = `http://${config.listen.host.includes(':') && !config.listen.host.startsWith('[') ? `[${config.listen.host}]` : config.listen.host}:${port}`;
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= resources.disposeAsync());
  return {
    url,
    port,
    servers: [...routes.values()].map((route) => ({
      name: route.name,
      resourceUrl: route.resourceUrl,
      url: url + route.path,
      target: route.upstream.target,
    })),
    workloadEnded: processes.length === 0 ? new Promise(() => {}) : Promise.race(processes.map((one) => one.ended)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readCa(caFile: string | undefined): Promise<readonly string[] | undefined> {
  if (caFile === undefined) return undefined;
  try {
    return [...getCACertificates('default'), await readFile(caFile, 'utf8')];
  } catch (cause) {
    throw fail('config_invalid', { report: `--ca-file: Cannot read ${caFile}: ${describe(cause)}` }, { cause });
  }
}

async function startProcesses(
  config: Config,
  log: Log,
  started: AsyncDisposableStack,
): Promise<readonly RunningProcess[]> {
  const processes: RunningProcess[] = [];
  for (const [name, { upstream }] of Object.entries(config.servers)) {
    if (upstream.strategy === 'process') processes.push(started.use(await startProcess(name, upstream, log)));
  }
  return processes;
}

function listen(server: Server, { host, port }: Config['listen']): Promise<number> {
  const address = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? fail('port_busy', { address }, { cause })
          : fail('listen_failed', { address, reason: describe(cause) }, { cause }),
      );
    });
    server.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port }, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}

/** Every request of a listener: hands it to the gateway's own pages or to the request path, and knows what is under way. */
class Traffic {
  readonly #deps: PipelineDeps;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #underWay = new Set<Inbound>();
  #isDraining = false;

  constructor(deps: Omit<PipelineDeps, 'underWay'>) {
    this.#deps = { ...deps, underWay: this.#underWay };
    this.#endpoints = buildEndpoints([...deps.routes.values()], deps.audit);
  }

  readonly take = (request: IncomingMessage, response: ServerResponse): void => {
    const inbound = buildInbound(request, response);
    const endpoint = this.#endpoints.get(inbound.path);
    if (endpoint !== undefined) return endpoint(request, response);
    if (this.#isDraining) {
      response.setHeader('connection', 'close');
      return refuse(fail('draining', {}), inbound);
    }
    void handle(inbound, this.#deps);
  };

  /** Takes no more calls; gives running ones time to end, but not the streams that only listen; then cuts the rest. */
  async drain(server: Server): Promise<void> {
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    for (const { request, response } of this.#underWay) if (request.method === 'GET') response.destroy();
    const timer = setTimeout(() => server.closeAllConnections(), drainMs);
    await closed;
    clearTimeout(timer);
  }
}
