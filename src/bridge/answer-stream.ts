import type { UpstreamAnswer, UpstreamExchange } from '../model/upstream.ts';
import type { Undelivered } from './undelivered.ts';

const keepAliveMs = 30_000;
const keepAlive = Buffer.from(':\n\n');
/** MCP 2026-07-28, Streamable HTTP, receiving messages: nobody between may gather events. */
const eventHeaders = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };

export type AnswerHeaders = Readonly<Record<string, string>>;

/** One HTTP answer, as a Streamable HTTP server gives it: a JSON text, or a stream of events. What the caller does not take
 * yet is kept; whoever writes looks at `backlogBytes`.
 */
export class AnswerStream implements UpstreamExchange {
  /** Called once when the caller went away before the end. */
  onGone: () => void = () => {};
  /** Called when nothing is kept any more: all of it has been taken, or whoever should take it is gone. */
  onDrained: () => void = () => {};
  readonly #answer: UpstreamAnswer;
  readonly #headers: AnswerHeaders;
  #steps: { readonly bytes: number; readonly take: () => void }[] = [];
  #backlogBytes = 0;
  #isReady = false;
  #isPaused = false;
  #isOver = false;
  #hasBegun = false;
  #keepAlive: NodeJS.Timeout | undefined;

  /** @param headers of the answer, whatever becomes of it */
  constructor(answer: UpstreamAnswer, headers: AnswerHeaders = {}) {
    this.#answer = answer;
    this.#headers = headers;
    // Nothing is told before `send` has returned.
    queueMicrotask(() => {
      this.#isReady = true;
      this.#flush();
    });
  }

  /** Is it a stream of events already? */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Has it ended, on either side? */
  get isOver(): boolean {
    return this.#isOver;
  }

  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** The whole answer. */
  answer(status: number, text?: string, more: Readonly<Record<string, string>> = {}): void {
    if (this.#isOver) return;
    const body = text === undefined ? undefined : Buffer.from(text);
    const ofBody = body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...ofBody, 'content-length': String(body?.length ?? 0), ...this.#headers, ...more };
    this.#do(() => this.#answer.onHead(status, headers));
    if (body !== undefined) this.#do(() => this.#answer.onData(body), body.length);
    this.end();
  }

  /** The server behind did not take the credential: the request path looks for another. */
  refuseCredential({ challenge }: Undelivered): void {
    this.answer(401, undefined, challenge === undefined ? {} : { 'www-authenticate': [challenge].flat().join(', ') });
  }

  /** Begins a stream of events. */
  begin(): void {
    if (this.#isOver || this.#hasBegun) return;
    this.#hasBegun = true;
    this.#do(() => this.#answer.onHead(200, { ...eventHeaders, ...this.#headers }));
    this.#keepAlive = setInterval(() => {
      if (this.#steps.length === 0) this.#do(() => this.#answer.onData(keepAlive), keepAlive.length);
    }, keepAliveMs).unref();
  }

  /** One event of it, which begins it where nothing did. */
  event(text: string, id?: string): void {
    this.begin();
    const bytes = Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${text}\n\n`);
    this.#do(() => this.#answer.onData(bytes), bytes.length);
  }

  end(): void {
    this.#finish(() => this.#answer.onEnd());
  }

  /** What was not taken yet is lost: after the beginning the answer is cut short. */
  fail(error: Error): void {
    if (this.#isOver) return;
    this.#drop();
    this.#finish(() => this.#answer.onError(error));
    if (!this.#isReady) return;
    // Whoever takes nothing would not hear of it either.
    this.#isPaused = false;
    this.#flush();
  }

  abort(): void {
    const wasOver = this.#isOver;
    this.#close();
    // Also of an answer that has ended: somebody may wait for its last part to be taken.
    this.#drop();
    if (!wasOver) this.onGone();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#flush();
  }

  #finish(step: () => void): void {
    if (this.#isOver) return;
    this.#do(step);
    this.#close();
  }

  /** Forgets what was not taken yet. */
  #drop(): void {
    this.#steps = [];
    if (this.#backlogBytes === 0) return;
    this.#backlogBytes = 0;
    this.onDrained();
  }

  #close(): void {
    this.#isOver = true;
    clearInterval(this.#keepAlive);
  }

  #do(take: () => void, bytes = 0): void {
    if (this.#isOver) return;
    this.#steps.push({ bytes, take });
    this.#backlogBytes += bytes;
    this.#flush();
  }

  #flush(): void {
    if (!this.#isReady) return;
    const hadBacklog = this.#backlogBytes > 0;
    while (!this.#isPaused) {
      const step = this.#steps.shift();
      if (step === undefined) break;
      this.#backlogBytes -= step.bytes;
      step.take();
    }
    if (hadBacklog && this.#backlogBytes <= 0) this.onDrained();
  }
}
