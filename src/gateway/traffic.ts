import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FindClientAddress } from '../lib/client-address.ts';
import { Roster } from '../lib/roster.ts';
import type { Inbound } from '../model/stages.ts';
import { fail } from '../model/usher-error.ts';
import { buildInbound } from '../pipeline/build-inbound.ts';
import { buildRecords } from '../pipeline/build-records.ts';
import { handle, type PipelineDeps } from '../pipeline/handle.ts';
import { refuse } from '../pipeline/refuse.ts';
import { buildEndpoints, type Endpoint } from './endpoints.ts';

const drainMs = 10_000;
const recordsMs = 1_000;

/** Every request of a listener: hands it to the gateway's own pages or to the request path, and knows what is under way. */
export class Traffic {
  readonly #deps: PipelineDeps;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #findClientAddress: FindClientAddress;
  readonly #underWay = new Roster<Inbound>();
  #isDraining = false;

  constructor(deps: Omit<PipelineDeps, 'underWay'> & { readonly findClientAddress: FindClientAddress }) {
    this.#findClientAddress = deps.findClientAddress;
    this.#deps = { ...deps, underWay: this.#underWay };
    this.#endpoints = buildEndpoints([...deps.routes.values()], deps.audit);
  }

  readonly take = (request: IncomingMessage, response: ServerResponse): void => {
    const inbound = buildInbound(request, response, this.#findClientAddress);
    const endpoint = this.#endpoints.get(inbound.path);
    if (endpoint !== undefined) return endpoint(request, response);
    if (this.#isDraining) return this.#refuseLate(inbound);
    void handle(inbound, this.#deps);
  };

  /** Takes no more calls; gives running ones time to end, but not the streams that only listen; then cuts the rest.
   * Resolves when all of them are on record.
   */
  async drain(server: Server): Promise<void> {
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    for (const { request, response } of this.#underWay) {
      if (request.method === 'GET') response.destroy();
      // A connection kept alive would be waited for after its last answer.
      response.shouldKeepAlive = false;
      response.once('close', () => setImmediate(() => server.closeIdleConnections()));
    }
    const timer = setTimeout(() => {
      this.cut();
      server.closeAllConnections();
    }, drainMs);
    await closed;
    clearTimeout(timer);
    const deadlineMs = Date.now() + recordsMs;
    while (this.#underWay.size > 0 && Date.now() < deadlineMs) await sleep(5);
  }

  /** Ends what is under way at once: the callers' connections first, so that nobody behind is blamed for it. */
  cut(): void {
    for (const { response } of this.#underWay) response.destroy();
  }

  #refuseLate(inbound: Inbound): void {
    const error = fail('draining', {});
    inbound.response.setHeader('connection', 'close');
    refuse(error, inbound);
    for (const record of buildRecords(inbound, { error })) this.#deps.audit.write(record);
  }
}
