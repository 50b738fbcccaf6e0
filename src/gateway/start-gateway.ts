import { Server as TlsServer } from 'node:https';
import { startJsonlSink, type JsonlSink } from '../audit/jsonl/build-jsonl-sink.ts';
import type { Config } from '../config/schema.ts';
import { buildClientAddress } from '../lib/client-address.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { Log } from '../model/log.ts';
import type { LoginAid } from '../model/login-aid.ts';
import type { SecretStore } from '../model/secret-store.ts';
import type { Route } from '../model/route.ts';
import type { ShowProgress } from '../model/workload.ts';
import { startRedisStore, type RedisStore } from '../state/redis/start-redis-store.ts';
import type { RestartTimes } from '../workloads/keep-running.ts';
import { buildListener, listen, maxHeaderBytes, type Listener } from './build-listener.ts';
import { Certificate, readCertificate } from './certificate.ts';
import { limitConnections, tellDropped } from './limit-connections.ts';
import { buildMemorySecrets } from './memory-secrets.ts';
import { Mounts } from './mounts.ts';
import { readCa } from './read-ca.ts';
import { OperatorLogins } from './operator-logins.ts';
import { buildQuietAid } from './quiet-aid.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';
import { Reloader } from './reloader.ts';
import { resolveCommands, type ResolveCommand } from './resolve-commands.ts';
import type { RunningGateway } from './running-gateway.ts';
import { startBridges } from './start-bridges.ts';
import { startWorkloads } from './start-workloads.ts';
import { Traffic } from './traffic.ts';

export interface GatewayOptions {
  readonly log: Log;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
  /** Injected by tests that move time. */
  readonly now?: () => number;
  /** How often the files of the certificate are looked at. */
  readonly certificatePollMs?: number;
  /** When child processes that ended are started again; injected by tests, which have less time. */
  readonly restartTimes?: RestartTimes;
  /** Where a person looks at a terminal: what takes long says how far it is. */
  readonly showProgress?: ShowProgress;
  /** Where logins and tokens of local callers are kept; forgotten with the gateway when absent. */
  readonly secrets?: SecretStore;
  /** How whoever runs it is reached, when they have to sign in. */
  readonly loginAid?: LoginAid;
  /** How long a command to the shared state may take; injected by tests on busy machines. */
  readonly stateCommandMs?: number;
  /** The command that a server's command stands for: a package in place of a program is fetched; absent where none is looked up. */
  readonly resolveCommand?: ResolveCommand;
  /** Sees each record of the audit trail. Must not throw. */
  readonly onRecord?: (record: AuditRecord) => void;
}

/** Starts everything a configuration describes: child processes, audit trail, listener. Returns when it listens.
 * @throws UsherError of stage configure or start; nothing is left running then
 */
export async function startGateway(config: Config, options: GatewayOptions): Promise<RunningGateway> {
  const { log, now = Date.now } = options;
  await using started = new AsyncDisposableStack();
  const audit = await startJsonlSink(config.audit, log);
  if (options.onRecord !== undefined) observeAudit(audit, options.onRecord);
  started.defer(() => audit.close());
  const { state } = config;
  const store = state === undefined ? undefined : started.use(await startState(state, config.caFile, options));
  // What is served and reloaded goes by what people wrote; only what is started goes by this.
  const runnable = await resolveCommands(config, options.resolveCommand);
  const workloads = await startWorkloads(runnable, { ...options, started });
  const { secrets = buildMemorySecrets(), loginAid: aid = buildQuietAid(log) } = options;
  const logins = started.use(new OperatorLogins({ log, now, secrets, aid }));
  const preparedLogins = await logins.prepare(config, workloads);
  await preparedLogins.take()();
  await logins.start(options.signal ?? new AbortController().signal);
  const bridges = await startBridges(runnable, { ...options, started });
  const { tls } = config.listen;
  const pair = tls === undefined ? undefined : readCertificate(tls);
  const server = buildListener(pair, log);
  limitConnections(server, config.listen);
  tellDropped(server, log);
  const port = await listen(server, config.listen);
  started.defer(() => closeUnserved(server));
  const scheme = tls === undefined ? 'http' : 'https';
  const mounts = started.use(new Mounts({ port, scheme, now, log, workloads, store, logins, bridges }));
  const prepared = await mounts.prepare(config);
  const { routes } = prepared;
  prepared.take();
  const traffic = new Traffic(
    { routes, findClientAddress: buildClientAddress(config.listen.trustedProxies) },
    { server, audit, log },
  );
  server.on('request', traffic.take);
  // An expectation nobody knows may be read over (RFC 9110 §10.1.1); Node would answer 417 behind the audit trail's back.
  server.on('checkExpectation', traffic.take);
  server.on('clientError', (problem, socket) => refuseUnreadable(problem, socket, { audit, maxHeaderBytes }));
  const certificate =
    tls === undefined || pair === undefined || !(server instanceof TlsServer)
      ? undefined
      : started.use(new Certificate(tls, pair, { server, log, pollMs: options.certificatePollMs }));
  const reloader = new Reloader({ config, server, audit, mounts, traffic, certificate, log });
  started.defer(() => traffic.drain(reloader.config.listen.drainTimeoutSeconds * 1000));
  started.defer(() => reloader.stop());

  const resources = started.move();
  const url = `${scheme}://${hostOfUrl(config.listen.host)}:${port}`;
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= resources.disposeAsync());
  return {
    url,
    port,
    get servers() {
      return describeServers(reloader.config, { routes: mounts.routes, url, logins });
    },
    workloadEnded: Promise.race([new Promise<never>(() => {}), ...[...workloads.values()].map((one) => one.ended)]),
    reload: (read) => reloader.reload(read),
    waitingFor: () => traffic.waitingFor(),
    close,
    cut: () => traffic.cut(),
    [Symbol.asyncDispose]: close,
  };
}

/** Lets somebody see what is written, on its way. */
function observeAudit(sink: JsonlSink, onRecord: (record: AuditRecord) => void): void {
  const write = sink.write.bind(sink);
  sink.write = (record, onWritten) => {
    onRecord(record);
    write(record, onWritten);
  };
}

function hostOfUrl(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function describeServers(
  { servers }: Config,
  { routes, url, logins }: { routes: ReadonlyMap<string, Route>; url: string; logins: OperatorLogins },
): RunningGateway['servers'] {
  const takes = (name: string, wanted: string) =>
    servers[name]?.authenticate.some(({ strategy }) => strategy === wanted) === true;
  return [...routes.values()].map((route) => ({
    name: route.name,
    resourceUrl: route.resourceUrl,
    url: url + route.path,
    target: route.upstream.target,
    callerToken: takes(route.name, 'local-token') ? logins.callerTokenFor(route.name) : undefined,
    isOpen: takes(route.name, 'anonymous'),
    oauth: servers[route.name]?.oauth,
    life: route.workload?.life ?? route.upstream.life,
  }));
}

/** Where starting fails after it listened already. */
async function closeUnserved(server: Listener): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

function startState(
  state: NonNullable<Config['state']>,
  caFile: string | undefined,
  { log, stateCommandMs: commandMs }: GatewayOptions,
): Promise<RedisStore> {
  return startRedisStore(state, { log, ca: readCa(caFile), commandMs });
}
