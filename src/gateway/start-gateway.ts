import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { getCACertificates } from 'node:tls';
import { startJsonlSink } from '../audit/jsonl/build-jsonl-sink.ts';
import type { Config } from '../config/schema.ts';
import { buildClientAddress } from '../lib/client-address.ts';
import { describe } from '../lib/describe-error.ts';
import { buildHttpClient } from '../lib/http-client.ts';
import type { Log } from '../model/log.ts';
import { fail } from '../model/usher-error.ts';
import type { Workload } from '../model/workload.ts';
import { keepRunning, type RestartTimes } from '../workloads/process/keep-running.ts';
import { buildRoutes } from './build-routes.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';
import type { RunningGateway } from './running-gateway.ts';
import { Traffic } from './traffic.ts';

export interface GatewayOptions {
  readonly log: Log;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
  /** Injected by tests that move time. */
  readonly now?: () => number;
  /** When child processes that ended are started again; injected by tests, which have less time. */
  readonly restartTimes?: RestartTimes;
}

const maxHeaderBytes = 32 * 1024;

/** Starts everything a configuration describes: child processes, audit trail, listener. Returns when it listens.
 * @throws UsherError of stage configure or start; nothing is left running then
 */
export async function startGateway(config: Config, options: GatewayOptions): Promise<RunningGateway> {
  await using started = new AsyncDisposableStack();
  const ca = await readCa(config.caFile);
  const http = buildHttpClient(ca === undefined ? {} : { ca });
  started.defer(() => http.close());
  const audit = await startJsonlSink(config.audit, options.log);
  started.defer(() => audit.close());
  const workloads = await startWorkloads(config, options, started);
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: 15_000,
    requestTimeout: 60_000,
    // The request path refuses it, so that it is on record.
    requireHostHeader: false,
    keepAliveTimeout: 30_000,
  });
  const port = await listen(server, config.listen);
  const routes = buildRoutes(config, { http, ca, port, now: options.now ?? Date.now, log: options.log, workloads });
  for (const route of routes.values()) started.defer(() => route.upstream.close());
  const traffic = new Traffic({
    routes,
    audit,
    log: options.log,
    findClientAddress: buildClientAddress(config.listen.trustedProxies),
  });
  server.on('request', traffic.take);
  // An expectation nobody knows may be read over (RFC 9110 §10.1.1); Node would answer 417 behind the audit trail's back.
  server.on('checkExpectation', traffic.take);
  server.on('clientError', (problem, socket) => refuseUnreadable(problem, socket, { audit, maxHeaderBytes }));
  started.defer(() => traffic.drain(server));
  // Nobody waits for keys yet, and the first caller would be the one to find out.
  for (const { authenticator } of routes.values()) void authenticator.warmUp();

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
    workloadEnded: Promise.race([new Promise<never>(() => {}), ...[...workloads.values()].map((one) => one.ended)]),
    close,
    cut: () => traffic.cut(),
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

async function startWorkloads(
  config: Config,
  { log, signal, restartTimes: times }: GatewayOptions,
  started: AsyncDisposableStack,
): Promise<ReadonlyMap<string, Workload>> {
  const workloads = new Map<string, Workload>();
  for (const [name, { upstream }] of Object.entries(config.servers)) {
    if (upstream.strategy === 'process')
      workloads.set(name, started.use(await keepRunning(name, upstream, { log, signal, times })));
  }
  return workloads;
}

function listen(server: Server, { host, port }: Config['listen']): Promise<number> {
  const address = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    // Stays: later, a connection that cannot be accepted does not end the others.
    server.on('error', (cause: NodeJS.ErrnoException) => {
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
