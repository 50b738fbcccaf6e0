import { Pool, type Dispatcher } from 'undici';
import { verifiedTls } from '../../lib/verified-tls.ts';
import type { Upstream, UpstreamAnswer, UpstreamExchange, UpstreamRequest } from '../../model/upstream.ts';

/** How to make an `http` upstream. */
export interface HttpUpstreamOptions {
  readonly url: string;
  /** All certificate authorities to trust, PEM; Node's own list when absent. */
  readonly ca?: readonly string[];
  /** Milliseconds until the answer must begin; a tool may work for a while. */
  readonly answerTimeoutMs: number;
}

/** Strategy `http`: an MCP server that speaks Streamable HTTP, over pooled connections. Redirects are not followed, TLS
 * is verified, and a body may take as long as it takes: event streams are silent for hours.
 */
export function buildHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const url = new URL(options.url);
  const path = url.pathname;
  const pool = new Pool(url.origin, {
    // One call, one connection at a time: a slow answer never holds up another call.
    pipelining: 1,
    allowH2: false,
    headersTimeout: options.answerTimeoutMs,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    maxHeaderSize: 64 * 1024,
    connect: { timeout: 5_000, ...verifiedTls(options.ca) },
  });
  return {
    strategy: 'http',
    target: `${url.origin}${path}`,
    send({ method, query, headers, body }: UpstreamRequest, answer: UpstreamAnswer) {
      const exchange = new Exchange(answer);
      pool.dispatch({ path: path + query, method, headers, body: body ?? null }, exchange);
      return exchange;
    },
    close: () => pool.destroy(),
  };
}

/** Hands what undici reports on to the answer, until it ended or was aborted. */
class Exchange implements UpstreamExchange, Dispatcher.DispatchHandler {
  readonly #answer: UpstreamAnswer;
  #controller: Dispatcher.DispatchController | undefined;
  #isAborted = false;

  constructor(answer: UpstreamAnswer) {
    this.#answer = answer;
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#controller?.abort(new Error('the caller went away'));
  }

  pause(): void {
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
    if (status >= 200 && !this.#isAborted) this.#answer.onHead(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isAborted) this.#answer.onData(chunk);
  }

  onResponseEnd(): void {
    if (!this.#isAborted) this.#answer.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#isAborted) this.#answer.onError(error);
  }
}
