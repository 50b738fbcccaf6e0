import { fail, UsherError } from '../model/usher-error.ts';
import type { UpstreamRequest } from '../model/upstream.ts';
import type { AnswerStream } from './answer-stream.ts';
import type { Channel, ChannelEvents } from './channel.ts';
import { EventLog } from './event-log.ts';
import { Undelivered } from './undelivered.ts';
import {
  cancelledNotification,
  errorMessage,
  invalidRequest,
  metaOf,
  readMessages,
  type RpcId,
  type RpcMessage,
} from './rpc-message.ts';

/** Characters of what was sent and may be asked for again. */
const longestLog = 1024 * 1024;
/** Messages of the server that nobody listens to yet, and their characters. */
const mostUnsent = 100;
const longestUnsent = 4 * 1024 * 1024;
/** Requests under way in one session. */
const mostPending = 256;
/** Bytes that one side does not take: then the other waits, or is refused. */
const longestBacklog = 4 * 1024 * 1024;
const ofListening = 'g';

export interface SessionOptions {
  readonly id: string;
  readonly principal: string;
  /** Who may use it. */
  readonly userKey: string;
  /** Of the server, for refusals. */
  readonly target: string;
  readonly answerTimeoutMs: number;
  /** How long the server may take until it can answer anything. */
  readonly startTimeoutMs: number;
}

/** A POST whose requests are not all answered. */
interface Post {
  /** Names its events. */
  readonly key: string;
  readonly waiting: Map<string, RpcMessage>;
  readonly progressTokens: ReadonlySet<string>;
  /** Undefined while the caller is gone. */
  stream: AnswerStream | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** One session of MCP before 2026-07-28, with a channel of its own: what comes from the server goes to the stream it belongs
 * to, as far as can be told. The ids are the client's own, since nobody else is on the channel.
 */
export class Session implements ChannelEvents {
  readonly options: SessionOptions;
  /** When it was last asked or listened to. */
  usedAtMs = performance.now();
  onEnded: () => void = () => {};
  channel: Channel | undefined;
  readonly #posts = new Map<string, Post>();
  readonly #log = new EventLog(longestLog);
  #listening: AnswerStream | undefined;
  #unsent: RpcMessage[] = [];
  #unsentLength = 0;
  #counter = 0;
  #isPaused = false;
  #isOver = false;

  constructor(options: SessionOptions) {
    this.options = options;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Does somebody wait for an answer, or listen, or is its channel still being opened? Of a call whose client is gone nobody
   * knows whether it comes back.
   */
  get isInUse(): boolean {
    const isOpening = this.channel === undefined && !this.#isOver;
    return isOpening || this.#streams().length > 0;
  }

  get isIdle(): boolean {
    return !this.isInUse && this.#posts.size === 0;
  }

  /** Sends what a POST brought on to the server, and answers it.
   * @param stream not used before
   */
  post(messages: readonly RpcMessage[], request: UpstreamRequest, stream: AnswerStream): void {
    this.usedAtMs = performance.now();
    const { channel } = this;
    if (channel === undefined || this.#isOver) return stream.fail(this.#failed('its session is over'));
    const requests = messages.filter(({ kind }) => kind === 'request');
    const problem = this.#findProblem(requests, channel);
    if (problem !== undefined) return problem instanceof Error ? stream.fail(problem) : stream.answer(400, problem);
    if (requests.length > 0) this.#enter(requests, stream);
    const handed = messages.map((message) => channel.send(message.text, request));
    for (const message of messages) if (message.method === 'notifications/cancelled') this.#forgetCancelled(message);
    if (requests.length === 0)
      void Promise.all(handed.filter((one) => one !== undefined)).then(() => stream.answer(202));
    this.#flushUnsent();
  }

  /** Listens for what belongs to no call; or takes a stream up again that broke off. */
  listen(stream: AnswerStream, lastEventId: string | undefined): void {
    this.usedAtMs = performance.now();
    stream.onDrained = this.#resume;
    stream.begin();
    const key = lastEventId === undefined ? undefined : this.#log.streamOf(lastEventId);
    for (const { id, text } of this.#log.after(lastEventId ?? '')) stream.event(text, id);
    if (key === undefined || key === ofListening) return this.#takeListening(stream);
    const post = [...this.#posts.values()].find((one) => one.key === key);
    // All of it has been said, or is not known any more.
    if (post === undefined) return stream.end();
    this.#attach(post, stream);
  }

  onMessage(text: string): void {
    for (const message of readMessages(text) ?? []) {
      if (message.kind === 'response') this.#answer(message);
      else this.#tell(message);
    }
  }

  /** With one call under way it was that one's answer. */
  onLost(): void {
    const [post, second] = this.#posts.values();
    if (post === undefined || second !== undefined) return;
    this.#failPost(post, this.#failed('its answer cannot be read, or is too long'));
  }

  /** Of a notification the client hears nothing, as over any channel: it is in the log of the server, if anywhere. */
  onUndelivered(text: string, error: Error): void {
    const [message] = readMessages(text) ?? [];
    const post = message?.kind === 'request' ? this.#find(message.id) : undefined;
    if (post === undefined) return;
    if (!(error instanceof Undelivered) || post.stream?.hasBegun !== false)
      return this.#failPost(post, error instanceof UsherError ? error : this.#failed(error.message));
    for (const { id } of post.waiting.values()) this.#leave(post, id);
    post.stream.refuseCredential(error);
  }

  onEnd(reason: string): void {
    this.end(this.#failed(reason));
  }

  /** Ends it: what is under way is answered with this. */
  end(error: UsherError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const post of this.#posts.values()) this.#failPost(post, error);
    this.#listening?.end();
    this.#listening = undefined;
    this.#takeUnsent();
    void this.channel?.close();
    this.onEnded();
  }

  #findProblem(requests: readonly RpcMessage[], channel: Channel): Error | string | undefined {
    const twice = requests.find(({ id }) => this.#find(id) !== undefined);
    if (twice !== undefined)
      return invalidRequest(twice.id ?? null, `A request with the id ${JSON.stringify(twice.id)} is under way already`);
    if (channel.pendingBytes <= longestBacklog && this.#posts.size < mostPending) return undefined;
    const reason = `it does not take what it is sent (${this.#posts.size} calls of this session are under way)`;
    return fail('upstream_full', { target: this.options.target, reason });
  }

  #enter(requests: readonly RpcMessage[], stream: AnswerStream): void {
    this.#counter += 1;
    const tokens = requests.map((one) => metaOf(one)['progressToken']).filter(isRpcId);
    const post: Post = {
      key: `p${this.#counter}`,
      waiting: new Map(requests.map((one) => [keyOf(one.id), one])),
      progressTokens: new Set(tokens.map(keyOf)),
      stream: undefined,
      timer: undefined,
    };
    for (const key of post.waiting.keys()) this.#posts.set(key, post);
    const { answerTimeoutMs, startTimeoutMs } = this.options;
    const waitMs = requests.some(isInitialize) ? answerTimeoutMs + startTimeoutMs : answerTimeoutMs;
    post.timer = setTimeout(() => this.#giveUp(post, waitMs), waitMs).unref();
    this.#attach(post, stream);
  }

  #attach(post: Post, stream: AnswerStream): void {
    const earlier = post.stream;
    if (earlier !== undefined) earlier.onGone = () => {};
    earlier?.end();
    post.stream = stream;
    stream.onDrained = this.#resume;
    // A client that goes away has not cancelled anything (MCP 2025-11-25, Streamable HTTP, sending messages).
    stream.onGone = () => {
      post.stream = undefined;
      this.usedAtMs = performance.now();
      this.#resume();
    };
    // Whoever did not take the earlier one must not hold this one up.
    this.#resume();
  }

  #find(id: RpcId | undefined): Post | undefined {
    return this.#posts.get(keyOf(id));
  }

  #answer(message: RpcMessage): void {
    const post = this.#find(message.id);
    if (post === undefined) return;
    const isRefused = message.error !== undefined && post.waiting.get(keyOf(message.id))?.method === 'initialize';
    this.#leave(post, message.id);
    const isWhole = post.waiting.size === 0 && post.stream?.hasBegun === false;
    if (isWhole) post.stream?.answer(200, message.text);
    else this.#event(post, message.text);
    if (post.waiting.size === 0) post.stream?.end();
    // Nothing began, so there is nothing to go on with.
    if (isRefused) this.end(this.#failed('the server refused to begin it'));
  }

  #leave(post: Post, id: RpcId | undefined): void {
    this.usedAtMs = performance.now();
    post.waiting.delete(keyOf(id));
    this.#posts.delete(keyOf(id));
    if (post.waiting.size === 0) clearTimeout(post.timer);
  }

  #event(post: Post, text: string): void {
    clearTimeout(post.timer);
    const id = this.#log.add(post.key, text);
    post.stream?.event(text, id);
    this.#wait(post.stream);
  }

  /** What the server says or asks by itself. It does not say what for: progress is named by its token; what a server asks,
   * it asks for a call as a rule (sampling, elicitation), so the one that is under way gets it; all else is for who listens.
   */
  #tell(message: RpcMessage): void {
    const post = this.#findPost(message);
    if (post !== undefined) return this.#event(post, message.text);
    if (this.#listening !== undefined) return this.#tellListening(message.text);
    this.#unsent.push(message);
    this.#unsentLength += message.text.length;
    while (this.#unsent.length > mostUnsent || this.#unsentLength > longestUnsent) {
      const oldest = this.#unsent.shift();
      this.#unsentLength -= oldest?.text.length ?? this.#unsentLength;
      this.#refuseUnsent(oldest);
    }
  }

  #findPost(message: RpcMessage): Post | undefined {
    const posts = [...new Set(this.#posts.values())].filter(({ stream }) => stream !== undefined);
    if (message.method === 'notifications/progress') {
      const token = keyOf(message.params['progressToken']);
      return [...this.#posts.values()].find(({ progressTokens }) => progressTokens.has(token));
    }
    const isOfCall = message.kind === 'request' || message.method === 'notifications/message';
    if (isOfCall && posts.length === 1) return posts[0];
    if (this.#listening !== undefined) return undefined;
    return message.kind === 'request' ? posts.at(-1) : isOfCall ? posts.at(-1) : undefined;
  }

  #tellListening(text: string): void {
    const id = this.#log.add(ofListening, text);
    this.#listening?.event(text, id);
    this.#wait(this.#listening);
  }

  /** A server that asks has to hear of it, or it waits for ever; but nothing is kept for one that only asks. */
  #refuseUnsent(message: RpcMessage | undefined): void {
    if (message?.kind !== 'request' || (this.channel?.pendingBytes ?? 0) > longestBacklog) return;
    const error = { code: -32_603, message: 'The client does not listen to what it is asked' };
    void this.channel?.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
  }

  /** What was asked before anybody listened goes to the next one who can hear it. */
  #flushUnsent(): void {
    for (const message of this.#takeUnsent()) this.#tell(message);
  }

  #takeUnsent(): readonly RpcMessage[] {
    const unsent = this.#unsent;
    this.#unsent = [];
    this.#unsentLength = 0;
    return unsent;
  }

  #takeListening(stream: AnswerStream): void {
    const earlier = this.#listening;
    if (earlier !== undefined) earlier.onGone = () => {};
    earlier?.end();
    this.#listening = stream;
    stream.onGone = () => {
      this.#listening = undefined;
      this.usedAtMs = performance.now();
      this.#resume();
    };
    this.#resume();
    this.#flushUnsent();
  }

  /** The server's next word waits for a caller who does not take the last ones. */
  #wait(stream: AnswerStream | undefined): void {
    if (this.#isPaused || stream === undefined || stream.backlogBytes <= longestBacklog) return;
    this.#isPaused = true;
    this.channel?.pause();
  }

  readonly #resume = (): void => {
    if (!this.#isPaused || this.#streams().some(({ backlogBytes }) => backlogBytes > longestBacklog)) return;
    this.#isPaused = false;
    this.channel?.resume();
  };

  #streams(): readonly AnswerStream[] {
    const streams = [this.#listening, ...[...this.#posts.values()].map(({ stream }) => stream)];
    return streams.filter((stream) => stream !== undefined);
  }

  /** No answer comes for what was cancelled (MCP 2025-11-25, cancellation). */
  #forgetCancelled(message: RpcMessage): void {
    const { requestId } = message.params;
    if (!isRpcId(requestId)) return;
    const post = this.#find(requestId);
    if (post === undefined) return;
    this.#leave(post, requestId);
    if (post.waiting.size > 0) return;
    post.stream?.begin();
    post.stream?.end();
  }

  #giveUp(post: Post, waitMs: number): void {
    const isBeginning = [...post.waiting.values()].some(isInitialize);
    for (const { id = null } of post.waiting.values())
      void this.channel?.send(cancelledNotification(id, 'No answer came in time'));
    const reason = `no answer within ${waitMs / 1000} s`;
    this.#failPost(post, fail('upstream_timeout', { target: this.options.target, reason }));
    if (isBeginning) this.end(this.#failed('the server did not begin it'));
  }

  #failPost(post: Post, error: UsherError): void {
    const left = [...post.waiting.values()];
    for (const { id } of left) this.#leave(post, id);
    if (post.stream?.hasBegun !== true) return post.stream?.fail(error);
    for (const { id = null } of left) post.stream.event(errorMessage(id, error));
    post.stream.end();
  }

  #failed(reason: string): UsherError {
    return fail('upstream_failed', { target: this.options.target, reason });
  }
}

function isInitialize({ method }: RpcMessage): boolean {
  return method === 'initialize';
}

/** Ids and tokens are texts or numbers, and 1 is not "1"; anything else is nobody's. */
function keyOf(id: unknown): string {
  return isRpcId(id) || id === null ? JSON.stringify(id) : '';
}

function isRpcId(id: unknown): id is string | number {
  return typeof id === 'string' || typeof id === 'number';
}
