import type { Dispatcher, Pool } from 'undici';
import type { Channel, ChannelEvents } from '../../bridge/channel.ts';
import { Undelivered } from '../../bridge/undelivered.ts';
import { describe } from '../../lib/describe-error.ts';
import { EventSplitter } from '../../lib/event-splitter.ts';
import type { Log } from '../../model/log.ts';
import type { UpstreamRequest } from '../../model/upstream.ts';
import { fail } from '../../model/usher-error.ts';
import { findPostUrl } from './find-post-url.ts';
import { parseEvent } from './parse-event.ts';
import { sendMessage } from './send-message.ts';

/** Bytes of one event: pictures travel in them. */
const longestEvent = 32 * 1024 * 1024;

export interface SseChannelOptions {
  readonly name: string;
  readonly url: URL;
  readonly target: string;
  readonly pool: Pool;
  /** The call it is opened for: as whom. */
  readonly request: UpstreamRequest | undefined;
  readonly events: ChannelEvents;
  /** How long the server may take until it says where messages go. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Opens a session at a server: its stream of events, up to the one that says where messages go.
 * @throws UsherError of stage forward, Undelivered where the server refused the credential
 */
export async function openSseChannel(options: SseChannelOptions): Promise<SseChannel> {
  const channel = new SseChannel(options);
  const { timeoutMs, target } = options;
  const timer = setTimeout(() => {
    const reason = `no event named the endpoint for messages within ${timeoutMs / 1000} s: is it a server of HTTP+SSE?`;
    channel.fail(fail('upstream_timeout', { target, reason }));
  }, timeoutMs).unref();
  try {
    await channel.opened;
    return channel;
  } finally {
    clearTimeout(timer);
  }
}

/** A session at a server of HTTP+SSE (MCP 2024-11-05, transports). */
export class SseChannel implements Channel, Dispatcher.DispatchHandler {
  readonly whenClosed: Promise<void>;
  readonly #options: SseChannelOptions;
  readonly #closed = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #splitter = new EventSplitter((event) => this.#take(event));
  #controller: Dispatcher.DispatchController | undefined;
  #headers: readonly string[];
  #postUrl: URL | undefined;
  #pendingBytes = 0;
  #isClosing = false;
  #isBroken = false;

  constructor(options: SseChannelOptions) {
    this.whenClosed = this.#closed.promise;
    this.#options = options;
    this.#headers = identifying(options.request);
    const { pathname, search } = options.url;
    options.pool.dispatch(
      { path: pathname + search, method: 'GET', headers: [...this.#headers, 'accept', 'text/event-stream'] },
      this,
    );
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** With the credential of its call, which may be a newer one than the stream was opened with. */
  async send(text: string, by?: UpstreamRequest): Promise<void> {
    if (this.#postUrl === undefined || this.#isClosing) return;
    if (by !== undefined) this.#headers = identifying(by);
    const body = Buffer.from(text);
    this.#pendingBytes += body.length;
    const { pool, target } = this.#options;
    const problem = await sendMessage(pool, { url: this.#postUrl, headers: this.#headers, body, target });
    this.#pendingBytes -= body.length;
    if (problem !== undefined && !this.#isClosing) this.#options.events.onUndelivered(text, problem);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  renew(): boolean {
    return true;
  }

  close(): Promise<void> {
    this.#isClosing = true;
    this.#controller?.abort(new Error('the session is over'));
    if (this.#controller === undefined) this.#closed.resolve();
    return this.whenClosed;
  }

  /** Ends it with what is told to whoever opens it, or uses it. */
  fail(error: Error): void {
    this.#opened.reject(error);
    if (!this.#isClosing && this.#postUrl !== undefined) this.#options.events.onEnd(error.message);
    void this.close();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isClosing) controller.abort(new Error('the session is over'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    const { target } = this.#options;
    const type = String(headers['content-type'] ?? 'no content type')
      .split(';', 1)[0]
      ?.trim();
    if (status === 200 && type === 'text/event-stream') return;
    this.#isBroken = true;
    if (status === 401) this.fail(new Undelivered(401, headers['www-authenticate']));
    else if (status >= 300 && status < 400) this.fail(fail('upstream_redirected', { target, status }));
    else {
      const reason = `it answered a GET with ${status} and ${type}, expected a stream of events: is --transport sse right?`;
      this.fail(fail('upstream_failed', { target, reason }));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isBroken || this.#isClosing) return;
    this.#splitter.push(chunk);
    if (this.#splitter.pendingBytes <= longestEvent) return;
    const reason = `it sent an event of more than ${longestEvent} bytes`;
    this.fail(fail('upstream_failed', { target: this.#options.target, reason }));
  }

  onResponseEnd(): void {
    this.fail(fail('upstream_failed', { target: this.#options.target, reason: 'it ended the stream of the session' }));
    this.#closed.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = this.#controller === undefined ? 'upstream_unreachable' : 'upstream_failed';
    this.fail(fail(code, { target: this.#options.target, reason: describe(error) }, { cause: error }));
    this.#closed.resolve();
  }

  #take(bytes: Buffer): void {
    const { events, url, target } = this.#options;
    const { type, data } = parseEvent(bytes.toString('utf8'));
    if (type === 'message') return events.onMessage(data);
    if (type !== 'endpoint' || this.#postUrl !== undefined) return;
    const found = findPostUrl(data, url);
    if (typeof found === 'string') return this.fail(fail('upstream_failed', { target, reason: found }));
    this.#postUrl = found;
    this.#opened.resolve();
  }
}

/** Of a call's headers those that are not about it as Streamable HTTP: who calls, and what the configuration lets through. */
function identifying(request: UpstreamRequest | undefined): readonly string[] {
  const { headers = [] } = request ?? {};
  return headers.flatMap((name, index) =>
    index % 2 === 1 || ofStreamableHttp.test(name) ? [] : [name, headers[index + 1] ?? ''],
  );
}

const ofStreamableHttp = /^(?:accept|content-type|last-event-id|mcp-.*|dpop)$/;
