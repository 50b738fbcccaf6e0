import { Pool, type Dispatcher } from 'undici';
import { verifiedTls } from '../../lib/verified-tls.ts';
import type { Log } from '../../model/log.ts';
import type { Upstream, UpstreamAnswer, UpstreamExchange, UpstreamRequest } from '../../model/upstream.ts';
import { ConnectionReuse } from './connection-reuse.ts';

/** How to make an `http` upstream. */
export interface HttpUpstreamOptions {
  readonly url: string;
  /** All certificate authorities to trust, PEM; Node's own list when absent. */
  readonly ca?: readonly string[];
  /** Milliseconds until the answer must begin; a tool may work for a while. */
  readonly answerTimeoutMs: number;
  readonly log?: Log;
}

/** Strategy `http`: an MCP server that speaks Streamable HTTP, over pooled connections. Redirects are not followed, TLS
 * is verified, and a body may take as long as it takes: event streams are silent for hours.
 */
export function buildHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const url = new URL(options.url);
  const path = url.pathname;
  const target = `${url.origin}${path}`;
  const poolOptions: Pool.Options = {
    // One call, one connection at a time: a slow answer never holds up another call.
    pipelining: 1,
    allowH2: false,
    headersTimeout: options.answerTimeoutMs,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    maxHeaderSize: 64 * 1024,
    connect: { timeout: 5_000, ...verifiedTls(options.ca) },
  };
  const pool = new Pool(url.origin, poolOptions);
  // Zero means: a connection of its own for each call.
  let freshPool: Pool | undefined;
  const reuse = new ConnectionReuse(
    () => performance.now(),
    (isAllowed) => options.log?.info(describeReuse(isAllowed), { target }),
  );
  return {
    strategy: 'http',
    target,
    send({ method, query, headers, body }: UpstreamRequest, answer: UpstreamAnswer) {
      const isReused = reuse.isAllowed();
      const exchange = new Exchange(answer, (pauseMs) => reuse.note(pauseMs, isReused));
      const from = isReused ? pool : (freshPool ??= new Pool(url.origin, { ...poolOptions, pipelining: 0 }));
      from.dispatch({ path: path + query, method, headers, body: body ?? null }, exchange);
      return exchange;
    },
    async close() {
      await Promise.all([pool.destroy(), freshPool?.destroy()]);
    },
  };
}

function describeReuse(isAllowed: boolean): string {
  return isAllowed
    ? 'Connections to the MCP server are used again, to see whether it still stalls on them'
    : 'The MCP server stalls for 40 ms on connections that were used before (it sends without TCP_NODELAY); each call gets a new one';
}

/** The pieces behind the head whose pauses are looked at. Any but the first can be the one that stalls: a head, an empty
 * first event, the answer itself, the end.
 */
const watchedPieces = 3;

/** Hands what undici reports on to the answer, until it ended or was aborted. */
class Exchange implements UpstreamExchange, Dispatcher.DispatchHandler {
  readonly #answer: UpstreamAnswer;
  readonly #notePause: (pauseMs: number) => void;
  #pieces = 0;
  #lastPieceAtMs = 0;
  #longestPauseMs = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #isAborted = false;

  constructor(answer: UpstreamAnswer, notePause: (pauseMs: number) => void) {
    this.#answer = answer;
    this.#notePause = notePause;
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#controller?.abort(new Error('the caller went away'));
  }

  pause(): void {
    this.#pieces = watchedPieces;
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) controller.abort(new Error('the caller went away'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200 || this.#isAborted) return;
    this.#lastPieceAtMs = performance.now();
    this.#answer.onHead(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isAborted) return;
    if (this.#pieces < watchedPieces) this.#watchPause();
    this.#answer.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#isAborted) return;
    if (this.#pieces < watchedPieces) this.#watchPause();
    this.#notePause(this.#longestPauseMs);
    this.#answer.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#isAborted) this.#answer.onError(error);
  }

  #watchPause(): void {
    const nowMs = performance.now();
    this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - this.#lastPieceAtMs);
    this.#lastPieceAtMs = nowMs;
    this.#pieces += 1;
  }
}
