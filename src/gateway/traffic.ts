import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FindClientAddress } from '../lib/client-address.ts';
import { Roster } from '../lib/roster.ts';
import type { AuditSink } from '../model/audit-sink.ts';
import type { Log } from '../model/log.ts';
import type { Route } from '../model/route.ts';
import type { Inbound } from '../model/inbound.ts';
import { fail } from '../model/usher-error.ts';
import { buildInbound } from '../pipeline/build-inbound.ts';
import { buildRecords } from '../pipeline/build-records.ts';
import { handle, type PipelineDeps } from '../pipeline/handle.ts';
import { refuse } from '../pipeline/refuse.ts';
import type { Listener } from './build-listener.ts';
import { buildEndpoints, explainWaiting, type Endpoint } from './endpoints.ts';
import { SilentConnections } from './silent-connections.ts';

const recordsMs = 1_000;
/** A request may be on its way on a connection that has just been made; it still gets its refusal. */
const silentMs = 500;

/** What a configuration means for requests. */
export interface Served {
  /** By path. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly findClientAddress: FindClientAddress;
}

/** That, and the calls that go by it. */
interface Generation extends PipelineDeps, Served {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
}

export interface TrafficDeps {
  readonly server: Listener;
  readonly audit: AuditSink;
  readonly log: Log;
}

/** Every request of a listener: hands it to the gateway's own pages or to the request path, and knows what is under way. */
export class Traffic {
  readonly #deps: TrafficDeps;
  readonly #silent: SilentConnections;
  readonly #earlier = new Set<Generation>();
  #current: Generation;
  #isDraining = false;

  constructor(served: Served, deps: TrafficDeps) {
    this.#deps = deps;
    this.#silent = new SilentConnections(deps.server);
    this.#current = this.#buildGeneration(served);
  }

  readonly take = (request: IncomingMessage, response: ServerResponse): void => {
    const inbound = buildInbound(request, response, this.#current.findClientAddress);
    this.#silent.heard(request.socket);
    const endpoint = this.#current.endpoints.get(inbound.path);
    if (endpoint !== undefined) return endpoint(inbound);
    if (this.#isDraining) return this.#refuseLate(inbound);
    void handle(inbound, this.#current);
  };

  /** The next request goes by these routes, those under way by the ones they began with; streams that only listen end
   * where their route is not among them any more. Resolves when the last of them has ended, and so nobody uses what only
   * the earlier routes had.
   */
  async replace(served: Served): Promise<void> {
    const before = this.#current;
    this.#earlier.add(before);
    this.#current = this.#buildGeneration(served);
    // Who may listen, and to what, is decided anew when they ask again.
    const kept = new Set(served.routes.values());
    endListening(
      [...before.routes.values()].filter((route) => !kept.has(route)),
      'its server was configured anew',
    );
    await Promise.all([...this.#earlier].map((earlier) => this.#outlast(earlier)));
  }

  /** Takes no more calls; ends the streams that only listen; gives running ones time to end, then cuts the rest. What
   * is cut never looks complete. Resolves when all of them are on record.
   */
  async drain(drainMs: number): Promise<void> {
    const { server } = this.#deps;
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    for (const { routes } of [...this.#earlier, this.#current]) endListening([...routes.values()], 'the gateway stops');
    for (const { request, response } of this.#underWay()) {
      if (request.method === 'GET' && !response.headersSent) response.destroy();
      // A connection kept alive would be waited for after its last answer.
      response.shouldKeepAlive = false;
      response.once('close', () => setImmediate(() => server.closeIdleConnections()));
    }
    const silentTimer = setTimeout(() => this.#silent.destroyAll(), Math.min(silentMs, drainMs));
    const timer = setTimeout(() => {
      this.cut();
      server.closeAllConnections();
    }, drainMs);
    await closed;
    clearTimeout(silentTimer);
    clearTimeout(timer);
    const all = [...this.#earlier, this.#current].map(({ underWay }) => underWay.whenEmpty());
    const tooLate = Promise.withResolvers<void>();
    const recordsTimer = setTimeout(tooLate.resolve, recordsMs);
    await Promise.race([Promise.all(all), tooLate.promise]);
    clearTimeout(recordsTimer);
  }

  /** Ends what is under way at once: the callers' connections first, so that nobody behind is blamed for it. */
  cut(): void {
    for (const { response } of this.#underWay()) response.destroy();
  }

  /** What is missing before calls can be served, for the operator. */
  waitingFor(): readonly string[] {
    return explainWaiting([...this.#current.routes.values()], this.#deps.audit);
  }

  *#underWay(): Generator<Inbound> {
    for (const { underWay } of [...this.#earlier, this.#current]) yield* underWay;
  }

  #buildGeneration(served: Served): Generation {
    const { audit, log } = this.#deps;
    const endpoints = buildEndpoints([...served.routes.values()], { audit, isDraining: () => this.#isDraining });
    return { ...served, audit, log, underWay: new Roster<Inbound>(), endpoints };
  }

  async #outlast(generation: Generation): Promise<void> {
    await generation.underWay.whenEmpty();
    this.#earlier.delete(generation);
  }

  #refuseLate(inbound: Inbound): void {
    const error = fail('draining', {});
    inbound.response.setHeader('connection', 'close');
    refuse(error, inbound);
    for (const record of buildRecords(inbound, { error })) this.#deps.audit.write(record);
  }
}

function endListening(routes: readonly Route[], why: string): void {
  for (const { listening } of routes) for (const stream of listening) stream.end(why);
}
