import { findJsonValues, replaceSpans } from '../lib/find-json-values.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import type { UpstreamRequest } from '../model/upstream.ts';
import type { AnswerStream } from './answer-stream.ts';
import type { Channel, ChannelEvents } from './channel.ts';
import { ToolHeaders } from './tool-headers.ts';
import { cancelledNotification, errorMessage, metaOf, readMessages, type RpcMessage } from './rpc-message.ts';

const subscriptionId = 'io.modelcontextprotocol/subscriptionId';
const asked = [['id'], ['params', '_meta', 'progressToken']] as const;
const answered = [['id'], ['result', '_meta', subscriptionId]] as const;
const told = [
  ['params', 'progressToken'],
  ['params', '_meta', subscriptionId],
] as const;
/** Notifications that mean one client, or one session, to a server, and would mean all of them here: what one cancels by its id is
 * another's request. A client of this era ends the answer instead, and begins nothing.
 */
const ofOneClient = new Set<string | undefined>(['notifications/cancelled', 'notifications/initialized']);
/** Calls under way, of all users. */
const mostPending = 2_000;
/** Milliseconds in which a server may still speak of a request that was cancelled, or that it has answered: messages cross, and logs come late.
 */
const echoMs = 60_000;
/** Bytes: of what the server does not take, and of what one caller does not. */
const longestBacklog = 4 * 1024 * 1024;

/** One request that is under way. */
interface Pending {
  readonly method: string | undefined;
  readonly message: RpcMessage;
  /** Whose it is. */
  readonly principal: string;
  /** The texts of the client's own id and progress token. */
  readonly id: string;
  readonly progressToken: string | undefined;
  readonly stream: AnswerStream;
  readonly timer: NodeJS.Timeout;
}

export interface SharedChannelOptions {
  /** Of the server, for refusals. */
  readonly target: string;
  readonly answerTimeoutMs: number;
}

/** The requests of many clients of MCP 2026-07-28 and later on one channel: each gets an id of its own on the way there, and
 * its client's on the way back; progress tokens and subscriptions likewise (stdio, sending and receiving messages). Whatever
 * does not say which request it belongs to reaches nobody, unless it can only be one's.
 */
export class SharedChannel implements ChannelEvents {
  channel: Channel | undefined;
  /** Called once with the reason where it ended by itself, without where it was ended. */
  onEnded: (bySelf: string | undefined) => void = () => {};
  /** Called whenever the last request under way has ended. */
  onIdle: () => void = () => {};
  usedAtMs = performance.now();
  readonly #options: SharedChannelOptions;
  readonly #pending = new Map<number, Pending>();
  /** What the gateway asks for itself. */
  readonly #own = new Map<number, PromiseWithResolvers<RpcMessage>>();
  readonly toolHeaders = new ToolHeaders(this);
  #lastId = 0;
  #cancelledAtMs = Number.NEGATIVE_INFINITY;
  /** Whose request ended last, and when; and when one of somebody else ended before that. */
  #ended = { principal: '', atMs: Number.NEGATIVE_INFINITY };
  #endedBeforeAtMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(options: SharedChannelOptions) {
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Is it open, with nothing under way? */
  get isIdle(): boolean {
    return this.channel !== undefined && this.#pending.size === 0 && this.#own.size === 0;
  }

  /** Sends one message of a client on. */
  post(message: RpcMessage, request: UpstreamRequest, stream: AnswerStream): void {
    this.usedAtMs = performance.now();
    const { channel } = this;
    if (channel === undefined || this.#isOver) return stream.fail(this.#failed('it ended'));
    if (channel.pendingBytes > longestBacklog) return stream.fail(this.#full());
    if (message.kind === 'request') return this.#ask(message, request, { stream, channel });
    // Nobody here is asked by a server, so an answer is a guess at what it asks the gateway.
    if (message.kind === 'notification' && !ofOneClient.has(message.method)) void channel.send(message.text, request);
    stream.answer(202);
  }

  /** Asks something for the gateway itself. */
  ask(method: string, params: object): Promise<RpcMessage> {
    if (this.#isOver) return Promise.reject(this.#failed('it ended'));
    this.#lastId += 1;
    const id = this.#lastId;
    const own = Promise.withResolvers<RpcMessage>();
    this.#own.set(id, own);
    void this.channel?.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return own.promise;
  }

  /** What the gateway asked for itself and was not answered is not waited for any more: else it would never be idle. */
  forgetQuestions(): void {
    this.#own.clear();
  }

  onMessage(text: string): void {
    for (const message of readMessages(text) ?? []) {
      if (message.kind === 'response') this.#answer(message);
      else if (message.kind === 'notification') this.#tell(message);
      else this.#refuse(message);
    }
  }

  /** A server of this era asks nobody by itself; nor could it be told whom. One that does has to hear of it, or it waits for
   * ever; but nothing is kept for one that only asks.
   */
  #refuse({ id }: RpcMessage): void {
    if ((this.channel?.pendingBytes ?? 0) > longestBacklog) return;
    const error = { code: -32_601, message: 'Nobody here is asked by a server' };
    void this.channel?.send(JSON.stringify({ jsonrpc: '2.0', id, error }));
  }

  onLost(): void {
    const [id, second] = this.#pending.keys();
    if (id === undefined || second !== undefined) return;
    this.#failOne(id, this.#failed('its answer cannot be read, or is too long'));
  }

  onUndelivered(text: string, error: Error): void {
    const [message] = readMessages(text) ?? [];
    if (typeof message?.id !== 'number') return;
    this.#failOne(message.id, error instanceof UsherError ? error : this.#failed(error.message));
  }

  onEnd(reason: string): void {
    this.#end(this.#failed(reason), reason);
  }

  /** Ends it: what is under way is answered with this. */
  end(error: UsherError): void {
    this.#end(error, undefined);
  }

  #end(error: UsherError, bySelf: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const id of this.#pending.keys()) this.#failOne(id, error);
    for (const { reject } of this.#own.values()) reject(error);
    void this.channel?.close();
    this.onEnded(bySelf);
  }

  #ask(
    message: RpcMessage,
    request: UpstreamRequest,
    { stream, channel }: { readonly stream: AnswerStream; readonly channel: Channel },
  ): void {
    if (this.#pending.size >= mostPending) return stream.fail(this.#full());
    this.#lastId += 1;
    const id = this.#lastId;
    const [ofId, ofToken] = findJsonValues(message.text, asked);
    const textOf = (span: typeof ofId) => (span === undefined ? undefined : message.text.slice(span.from, span.to));
    const pending: Pending = {
      method: message.method,
      message,
      principal: request.user.principal,
      id: textOf(ofId) ?? 'null',
      progressToken: textOf(ofToken),
      stream,
      timer: setTimeout(() => this.#giveUp(id), this.#options.answerTimeoutMs).unref(),
    };
    this.#pending.set(id, pending);
    // Who goes away has cancelled (MCP 2026-07-28, Streamable HTTP, cancellation).
    stream.onGone = () => this.#cancel(id, 'The client ended the request');
    const changes = [ofId, ofToken].map((span) => ({ span, by: String(id) }));
    void channel.send(replaceSpans(message.text, changes), request);
  }

  #answer(message: RpcMessage): void {
    const { id } = message;
    if (typeof id !== 'number') return;
    this.#own.get(id)?.resolve(message);
    this.#own.delete(id);
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#leave(id);
    const changes = findJsonValues(message.text, answered).map((span) => ({ span, by: pending.id }));
    const text = replaceSpans(message.text, changes);
    const { stream } = pending;
    if (!stream.hasBegun) return stream.answer(statusOf(message), text);
    stream.event(text);
    stream.end();
  }

  #tell(message: RpcMessage): void {
    if (message.method === 'notifications/tools/list_changed') this.toolHeaders.forget();
    const id = this.#findId(message);
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || pending === undefined) return;
    clearTimeout(pending.timer);
    const [ofToken, ofSubscription] = findJsonValues(message.text, told);
    const changes = [
      { span: ofToken, by: pending.progressToken ?? pending.id },
      { span: ofSubscription, by: pending.id },
    ];
    const { stream } = pending;
    stream.event(replaceSpans(message.text, changes));
    if (stream.backlogBytes <= longestBacklog) return;
    // Nobody else may have to wait for a caller who does not take what comes.
    this.#cancel(id, 'The client does not take what it asked for');
    stream.fail(this.#failed('the caller does not take its events'));
  }

  /** The request that a notification belongs to. */
  #findId(message: RpcMessage): number | undefined {
    const id =
      message.method === 'notifications/progress' ? message.params['progressToken'] : metaOf(message)[subscriptionId];
    if (typeof id === 'number') return id;
    if (message.method !== 'notifications/message') return undefined;
    // It does not say whose it is: that can only be told where there is one request that may have caused it.
    if (performance.now() - this.#cancelledAtMs < echoMs) return undefined;
    const [only, second] = [...this.#pending].filter(([, { method }]) => method !== 'subscriptions/listen');
    if (only === undefined || second !== undefined) return undefined;
    const [found, { principal }] = only;
    return performance.now() - this.#otherEndedAtMs(principal) < echoMs ? undefined : found;
  }

  /** When a request of anybody but this user ended last. */
  #otherEndedAtMs(principal: string): number {
    return this.#ended.principal === principal ? this.#endedBeforeAtMs : this.#ended.atMs;
  }

  #cancel(id: number, reason: string): void {
    if (!this.#pending.has(id)) return;
    this.#cancelledAtMs = performance.now();
    void this.channel?.send(cancelledNotification(id, reason));
    this.#leave(id);
  }

  #leave(id: number): void {
    this.usedAtMs = performance.now();
    const pending = this.#pending.get(id);
    if (pending !== undefined) {
      clearTimeout(pending.timer);
      const { principal } = pending;
      this.#endedBeforeAtMs = this.#otherEndedAtMs(principal);
      this.#ended = { principal, atMs: this.usedAtMs };
    }
    this.#pending.delete(id);
    if (this.isIdle) this.onIdle();
  }

  #giveUp(id: number): void {
    const reason = `no answer within ${this.#options.answerTimeoutMs / 1000} s`;
    const stream = this.#pending.get(id)?.stream;
    this.#cancel(id, 'No answer came in time');
    stream?.fail(fail('upstream_timeout', { target: this.#options.target, reason }));
  }

  #failOne(id: number, error: UsherError): void {
    const pending = this.#pending.get(id);
    this.#leave(id);
    if (pending === undefined) return;
    const { stream, message } = pending;
    if (!stream.hasBegun) return stream.fail(error);
    stream.event(errorMessage(message.id ?? null, error));
    stream.end();
  }

  #full(): UsherError {
    const reason = `it does not take what it is sent (${this.#pending.size} calls are under way)`;
    return fail('upstream_full', { target: this.#options.target, reason });
  }

  #failed(reason: string): UsherError {
    return fail('upstream_failed', { target: this.#options.target, reason });
  }
}

/** MCP 2026-07-28, Streamable HTTP: an unknown method is 404; what the protocol itself refuses is 400. Everything else is the
 * answer of a call that went well as HTTP sees it.
 */
const statuses = new Map<unknown, number>([
  [-32_601, 404],
  [-32_700, 400],
  [-32_600, 400],
  [-32_020, 400],
  [-32_021, 400],
  [-32_022, 400],
]);

function statusOf({ error }: RpcMessage): number {
  return error === undefined ? 200 : (statuses.get(error['code']) ?? 200);
}
