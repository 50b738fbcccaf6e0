import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FindClientAddress } from '../lib/client-address.ts';
import type { Connection } from '../model/connection.ts';
import type { Inbound } from '../model/inbound.ts';

/** A request as it came in. */
export function buildInbound(
  request: IncomingMessage,
  response: ServerResponse,
  findClientAddress: FindClientAddress,
): Inbound {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return {
    id: randomUUID(),
    startedAtMs: Date.now(),
    request,
    response,
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark),
    connection: new ResponseConnection(response),
    from: findClientAddress(request),
  };
}

/** The signal is made when it is first asked for: only calls that have to wait for something need one. */
class ResponseConnection implements Connection {
  readonly #response: ServerResponse;
  #abort: AbortController | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.#response.destroyed) abort.abort();
      else this.#response.once('close', () => abort.abort());
    }
    return this.#abort.signal;
  }
}
