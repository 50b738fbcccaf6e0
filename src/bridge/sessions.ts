import { randomBytes } from 'node:crypto';
import type { UpstreamAnswer, UpstreamExchange, UpstreamRequest } from '../model/upstream.ts';
import { fail, type UsherError } from '../model/usher-error.ts';
import { AnswerStream } from './answer-stream.ts';
import type { OpenChannel } from './channel.ts';
import type { Places } from './places.ts';
import { invalidRequest, type RpcMessage } from './rpc-message.ts';
import { Session } from './session.ts';
import { Undelivered } from './undelivered.ts';
import { userKey } from './user-key.ts';

const knownVersions = new Set(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']);
/** MCP's clients try again after it; the pipeline gives it for sessions it does not know. */
const notFound = 404;

export interface SessionsOptions {
  readonly target: string;
  readonly open: OpenChannel;
  readonly answerTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly idleMs: number;
  /** Was the session's server given its user's token? Then it may be used with one of the same scopes only. */
  readonly isPerUser: boolean;
}

/** The sessions of one server: each with a channel of its own, from `initialize` until DELETE, the end of its channel, or
 * until nobody has used it for a while (MCP 2025-11-25, Streamable HTTP, session management).
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #places: () => Places;
  readonly #sessions = new Map<string, Session>();
  readonly #reaper: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: SessionsOptions, places: () => Places) {
    this.#options = options;
    this.#places = places;
    this.#reaper = setInterval(() => this.#reap(), Math.min(30_000, options.idleMs / 2 + 1)).unref();
  }

  /** Takes one HTTP request of a client of before 2026-07-28. */
  take(request: UpstreamRequest, messages: readonly RpcMessage[], answer: UpstreamAnswer): UpstreamExchange {
    const id = headerOf(request, 'mcp-session-id');
    if (id === undefined) return this.#begin(request, messages, answer);
    const stream = new AnswerStream(answer);
    const session = this.#sessions.get(id);
    if (session === undefined || session.options.userKey !== this.#userKeyOf(request)) {
      stream.answer(notFound, refusal(messages, 'There is no such session; begin with initialize'));
      return stream;
    }
    const version = headerOf(request, 'mcp-protocol-version');
    if (version !== undefined && !knownVersions.has(version))
      stream.answer(400, refusal(messages, `MCP-Protocol-Version ${JSON.stringify(version)} is not one of a session`));
    else if (request.method === 'DELETE') {
      session.end(fail('upstream_failed', { target: this.#options.target, reason: 'the client ended the session' }));
      stream.answer(204);
    } else if (request.method === 'GET') listen(session, request, stream);
    else {
      session.channel?.renew(request.user);
      session.post(messages, request, stream);
    }
    return stream;
  }

  /** Ends the session of a user that was not used for longest, of those where nobody waits or listens; one with a call whose
   * client is gone only where there is no other. False when all are in use.
   */
  makeRoom(principal: string): boolean {
    const unused = [...this.#sessions.values()].filter((one) => one.options.principal === principal && !one.isInUse);
    const [longest] = unused.toSorted(
      (one, other) => Number(other.isIdle) - Number(one.isIdle) || one.usedAtMs - other.usedAtMs,
    );
    longest?.end(this.#over('another session of the same user took its place'));
    return longest !== undefined;
  }

  /** Ends all sessions of a user. */
  withdraw(principal: string): void {
    for (const session of this.#sessions.values())
      if (session.options.principal === principal) session.end(this.#over('the user may not go on'));
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#reaper);
    for (const session of this.#sessions.values()) session.end(this.#over('the gateway stops'));
  }

  #begin(request: UpstreamRequest, messages: readonly RpcMessage[], answer: UpstreamAnswer): UpstreamExchange {
    const [only, second] = messages;
    if (request.method !== 'POST' || only?.method !== 'initialize' || only.kind !== 'request' || second !== undefined) {
      const stream = new AnswerStream(answer);
      stream.answer(400, refusal(messages, 'There is no session: begin with initialize, then send its Mcp-Session-Id'));
      return stream;
    }
    // Visible ASCII, and not to be guessed (MCP 2025-11-25, session management).
    const id = randomBytes(24).toString('base64url');
    const stream = new AnswerStream(answer, { 'mcp-session-id': id });
    void this.#open(request, only, { id, stream });
    return stream;
  }

  async #open(
    request: UpstreamRequest,
    initialize: RpcMessage,
    { id, stream }: { readonly id: string; readonly stream: AnswerStream },
  ): Promise<void> {
    const { target, answerTimeoutMs, startTimeoutMs, open } = this.#options;
    const { principal } = request.user;
    const session = new Session({
      id,
      principal,
      userKey: this.#userKeyOf(request),
      target,
      answerTimeoutMs,
      startTimeoutMs,
    });
    try {
      const leave = this.#places().take(principal);
      session.onEnded = () => {
        leave();
        this.#sessions.delete(id);
      };
      this.#sessions.set(id, session);
      session.channel = await open(request, session);
      // It ended, or was given up, while it began.
      if (session.isOver || this.#isClosed || stream.isOver) await session.channel.close();
      if (stream.isOver || this.#isClosed) session.end(this.#over('nobody waits for it'));
      session.post([initialize], request, stream);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      session.onEnded();
      if (failure instanceof Undelivered) stream.refuseCredential(failure);
      else stream.fail(failure);
    }
  }

  #userKeyOf({ user }: UpstreamRequest): string {
    return this.#options.isPerUser ? userKey(user) : user.principal;
  }

  #reap(): void {
    const before = performance.now() - this.#options.idleMs;
    for (const session of this.#sessions.values())
      if (!session.isInUse && session.usedAtMs < before) session.end(this.#over('nobody used it'));
  }

  #over(reason: string): UsherError {
    return fail('upstream_failed', { target: this.#options.target, reason: `the session was ended: ${reason}` });
  }
}

function listen(session: Session, request: UpstreamRequest, stream: AnswerStream): void {
  if (/text\/event-stream|text\/\*|\*\/\*/.test(headerOf(request, 'accept') ?? '')) {
    session.listen(stream, headerOf(request, 'last-event-id'));
  } else stream.answer(406, invalidRequest(null, 'A GET is answered with an event stream: accept text/event-stream'));
}

function refusal(messages: readonly RpcMessage[], message: string): string {
  const [only, second] = messages;
  return invalidRequest(second === undefined && only?.kind === 'request' ? (only.id ?? null) : null, message);
}

/** The first header of this name, in lower case. */
export function headerOf({ headers }: UpstreamRequest, name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === name) return headers[index + 1];
  return undefined;
}
