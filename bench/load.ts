// The load generator: tools/call over bare keep-alive sockets, the next call when the answer to the last one is there.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { makeProofKey } from '../src/oauth/proof-key.ts';
import { Prover } from '../src/oauth/prover.ts';
import { MessageReader } from './message-reader.ts';
import { EventStreams } from './event-streams.ts';
import type { LoadOrder, LoadResult } from './messages.ts';
import { answerQuestions } from './peer.ts';

const params = { name: 'GetCountry', arguments: { code: 'IS' } };
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const modernBody = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta } });

const prover = new Prover(makeProofKey(), Date.now);
const histograms = new Map<string, RecordableHistogram>();

/** One load: what its connections share. */
class Load {
  requests = 0;
  errors = 0;
  firstError: string | undefined;
  readonly #requests: readonly (() => Buffer)[];
  readonly #histogram: RecordableHistogram;
  readonly #endAt: number;
  readonly #startAt = performance.now();
  readonly #ratePerMs: number;
  #left: number;
  #next = 0;

  constructor({
    key,
    port,
    tokens,
    proofUrl,
    durationMs,
    maxRequests = Infinity,
    ratePerSecond = Infinity,
    isModern = false,
  }: LoadOrder) {
    this.#ratePerMs = ratePerSecond / 1000;
    this.#requests = tokens.map((token) => prepareRequest({ port, isModern }, token, proofUrl));
    this.#histogram = histograms.get(key) ?? createHistogram();
    histograms.set(key, this.#histogram);
    this.#endAt = performance.now() + durationMs;
    this.#left = maxRequests;
  }

  /** The next request, or undefined when it is over. */
  take(): Buffer | undefined {
    if (this.#left === 0 || performance.now() > this.#endAt) return undefined;
    this.#left -= 1;
    this.#next += 1;
    return this.#requests[this.#next % this.#requests.length]?.();
  }

  /** Milliseconds until the next request is due. */
  get dueInMs(): number {
    return this.#startAt + this.#next / this.#ratePerMs - performance.now();
  }

  answered(head: string, tookNs: number): void {
    this.requests += 1;
    this.#histogram.record(Math.max(1, Math.round(tookNs)));
    if (!head.startsWith('HTTP/1.1 200')) this.failed(head.slice(0, head.indexOf('\r\n')));
  }

  failed(what: string): void {
    this.errors += 1;
    this.firstError ??= what;
  }

  percentileMs(percentile: number): number {
    return this.#histogram.percentile(percentile) / 1e6;
  }
}

/** A bearer token's request is always the same; a proof is good for one. */
interface Call {
  readonly port: number;
  readonly isModern: boolean;
}

function prepareRequest(call: Call, token: string, proofUrl: string | undefined): () => Buffer {
  if (proofUrl === undefined) {
    const request = formatRequest(call, token === '' ? [] : [`Authorization: Bearer ${token}`]);
    return () => request;
  }
  const proofs = prover.forToken(token);
  return () => formatRequest(call, [`Authorization: DPoP ${token}`, `DPoP: ${proofs.prove('POST', proofUrl)}`]);
}

function formatRequest({ port, isModern }: Call, credentials: readonly string[]): Buffer {
  const lines = [
    'POST /mcp HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    ...(isModern ? modernHeaders : ['MCP-Protocol-Version: 2025-11-25']),
    ...credentials,
    `Content-Length: ${(isModern ? modernBody : body).length}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${isModern ? modernBody : body}`);
}

const modernHeaders = ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', 'Mcp-Name: GetCountry'];

async function openSockets(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ port, host: '127.0.0.1', noDelay: true }));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

/** Resolves when this connection has nothing more to do. */
function drive(socket: Socket, load: Load): Promise<void> {
  return new Promise((resolve) => {
    let sentAt = 0;
    const sendNext = () => {
      const { dueInMs } = load;
      if (dueInMs >= 1) return void setTimeout(sendNext, dueInMs);
      const request = load.take();
      if (request === undefined) {
        socket.removeAllListeners('close').destroy();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(request);
    };
    const reader = new MessageReader((head) => {
      load.answered(head, (performance.now() - sentAt) * 1e6);
      sendNext();
    });
    socket.on('data', (chunk) => reader.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      load.failed('the connection was closed before the answer');
      resolve();
    });
    sendNext();
  });
}

async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const sockets = await openSockets(order.port, order.connections);
  const load = new Load(order);
  const startedAt = performance.now();
  await Promise.all(sockets.map((socket) => drive(socket, load)));
  return {
    requests: load.requests,
    elapsedMs: performance.now() - startedAt,
    errors: load.errors,
    firstError: load.firstError,
    p50Ms: load.percentileMs(50),
    p99Ms: load.percentileMs(99),
  };
}

const streams = new EventStreams();

answerQuestions({
  ready: () => ({ port: 0 }),
  load: runLoad,
  key: () => ({ jkt: prover.thumbprint }),
  openStreams: (order) => streams.open(order),
  streams: () => streams.state,
  closeStreams: () => streams.close(),
});
