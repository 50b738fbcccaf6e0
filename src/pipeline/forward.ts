import type { ServerResponse } from 'node:http';
import { describe } from '../lib/describe-error.ts';
import { Gate } from '../lib/gate.ts';
import type { Credentialed } from '../model/stages.ts';
import type { UpstreamAnswer, UpstreamExchange } from '../model/upstream.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { buildAnswerHeaders } from './answer-headers.ts';
import { buildReading } from './build-reading.ts';
import { findShared, learnSession } from './learn-session.ts';
import { onlyListens, watchListening } from './listening.ts';
import { isModern } from '../model/protocol-version.ts';
import { readRefusal } from './read-refusal.ts';
import { ReadAnswer, type PassedAnswer } from './read-answer.ts';
import { buildUpstreamHeaders, type Forwarding } from './upstream-headers.ts';

/** How forwarding ended, where it did not fail. */
export interface Forwarded {
  /** `ended`: a stream that only listens, by the gateway. `refused credential`: the upstream answered 401 and nothing has
   * reached the caller yet; `refused proof`: it said with it what the next proof has to hold.
   */
  readonly end: 'answered' | 'ended' | 'cancelled' | 'refused credential' | 'refused proof';
  /** Why the gateway ended it, as a clause. */
  readonly why?: string | undefined;
  readonly upstreamStatus: number | undefined;
  /** Why it refused the credential, in its own words; for the operator. */
  readonly words?: string | undefined;
  /** Milliseconds from sending to the answer's head. */
  readonly firstByteMs: number | undefined;
  readonly bytes: number;
  /** Sends what is held back of the answer: its last piece and its end, so that nobody has a whole answer that is not on
   * record. Call it once, when the record is written.
   */
  readonly release?: (() => void) | undefined;
}

/** Stage `forward`: the only place that builds an upstream request. The answer is streamed as it comes, with
 * back-pressure; whichever side ends first ends the other.
 * @throws UsherError of stage forward; after the answer began, its connection is cut instead
 */
export function forward(credentialed: Credentialed): Promise<Forwarded> {
  const { route, request, query, call, caller, credential, response } = credentialed;
  // Whoever listens on its port while it is down is not the one the call is meant for.
  const down = route.workload?.failure;
  if (down !== undefined) return Promise.reject(down);
  const headers = buildUpstreamHeaders(request.rawHeaders, credential, findForwarding(credentialed));
  // RFC 9449 §7.1: made for this one request.
  const proof = credential.proof?.prove(request.method ?? 'POST', route.upstream.target);
  if (proof !== undefined) headers.push('dpop', proof);
  return new Promise((resolve, reject) => {
    const answer = new StreamedAnswer(credentialed, { resolve, reject }, proof);
    const reading = buildReading(credentialed, (until) => answer.hold(until));
    answer.exchange = route.upstream.send(
      {
        method: request.method ?? 'POST',
        query,
        headers,
        body: call.body,
        user: { principal: caller.principal, claims: caller.tokenClaims, credential },
      },
      reading === undefined ? answer : new ReadAnswer(answer, reading, route.upstream.target),
    );
    if (response.destroyed) answer.onCallerGone();
    else response.on('close', answer.onCallerGone);
  });
}

/** From 2026-07-28 on the session header has no meaning: a server of both eras must not find one that nobody checked. */
function findForwarding({ route, call }: Credentialed): Forwarding {
  return { names: route.forwardedHeaders, dropsSession: isModern(call.messages[0]?.version) };
}

/** Something listens there, and did not answer as it should. */
const brokenAnswers = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_HEADERS_OVERFLOW',
  'ECONNRESET',
  'EPIPE',
]);

type AnswerHeaders = Parameters<UpstreamAnswer['onHead']>[1];

/** RFC 9449 §9. */
function wantsNonce(challenge: AnswerHeaders[string]): boolean {
  return [challenge ?? []].flat().some((one) => /\berror="?use_dpop_nonce\b/.test(one));
}

/** RFC 9110 §8.6: there is nothing a 204 could have a length of, and a careless client would wait for it. */
function withoutLength(headers: AnswerHeaders): AnswerHeaders {
  return { ...headers, 'content-length': undefined };
}

/** The answer also differs by what the gateway says to the page that asked (cors.ts). */
function varyingByOrigin(headers: AnswerHeaders): AnswerHeaders {
  const vary = headers['vary'];
  return vary === undefined ? headers : { ...headers, vary: `${[vary].flat().join(', ')}, origin` };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Bytes; beyond, copying costs more than the gathered write. */
const longestText = 8 * 1024;

interface Settle {
  readonly resolve: (forwarded: Forwarded) => void;
  readonly reject: (error: Error) => void;
}

class StreamedAnswer implements PassedAnswer {
  exchange: UpstreamExchange | undefined;
  readonly #credentialed: Credentialed;
  readonly #response: ServerResponse;
  readonly #target: string;
  readonly #settle: Settle;
  /** What was sent beside a token that is bound to a key. */
  readonly #proof: string | undefined;
  readonly #startedAtMs = performance.now();
  #firstByteMs: number | undefined;
  #status: number | undefined;
  #words: string | undefined;
  #bytes = 0;
  /** Of an answer that said how long it is. */
  #missingBytes = Number.POSITIVE_INFINITY;
  /** The last piece of it. */
  #last: Buffer | undefined;
  #isDone = false;
  #leave: (() => void) | undefined;
  /** Held while other replicas are told of what the answer gives out. */
  #gate: Gate | undefined;

  constructor(credentialed: Credentialed, settle: Settle, proof: string | undefined) {
    this.#credentialed = credentialed;
    this.#response = credentialed.response;
    this.#target = credentialed.route.upstream.target;
    this.#settle = settle;
    this.#proof = proof;
  }

  onHead(status: number, headers: Readonly<Record<string, string | readonly string[] | undefined>>): void {
    this.#firstByteMs = performance.now() - this.#startedAtMs;
    this.#status = status;
    const { credential } = this.#credentialed;
    const hasNewNonce = credential.proof?.learnNonce(this.#target, headers['dpop-nonce'], this.#proof ?? '') === true;
    if (status === 401) {
      this.#words = readRefusal(headers['www-authenticate'], credential);
      const isProof = hasNewNonce && wantsNonce(headers['www-authenticate']);
      return this.#stop(isProof ? 'refused proof' : 'refused credential');
    }
    if (status >= 300 && status < 400 && status !== 304)
      return this.fail(fail('upstream_redirected', { target: this.#target, status }));
    try {
      learnSession(this.#credentialed, status, headers);
    } catch (error) {
      return this.fail(asError(error));
    }
    const shared = findShared(this.#credentialed, headers);
    if (shared !== undefined) this.hold(shared);
    this.#take(() => {
      // Another replica may have given it to somebody else before.
      if (shared !== undefined) learnSession(this.#credentialed, status, headers);
      this.#begin(status, headers);
    });
  }

  /** Keeps back what comes until then, so that the caller cannot use what others do not know of yet. */
  hold(until: Promise<unknown>): void {
    this.exchange?.pause();
    this.#gate ??= new Gate(() => {
      if (!this.#isDone) this.exchange?.resume();
    });
    this.#gate.hold(until);
  }

  /** Does the next step of the answer, now or behind what is kept back. */
  #take(step: () => void): void {
    if (this.#gate?.isHeld !== true) return step();
    this.#gate.keep(() => {
      if (this.#isDone) return;
      try {
        step();
      } catch (error) {
        this.fail(asError(error));
      }
    });
  }

  #begin(status: number, headers: AnswerHeaders): void {
    const passed = status === 204 ? withoutLength(headers) : headers;
    this.#response.writeHead(
      status,
      buildAnswerHeaders(this.#response.hasHeader('vary') ? varyingByOrigin(passed) : passed),
    );
    const length = headers['content-length'];
    this.#missingBytes = typeof length === 'string' ? Number(length) : Number.POSITIVE_INFINITY;
    // The head of a stream may be all there is for hours. Where a body of known length follows, they go together.
    if (length === undefined) setImmediate(this.#flushHead);
    if (onlyListens(this.#credentialed)) this.#leave = watchListening(this.#credentialed, this);
  }

  onData(chunk: Buffer): void {
    if (this.#isDone) return;
    this.#take(() => this.#pass(chunk));
  }

  #pass(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#missingBytes -= chunk.length;
    if (this.#missingBytes === 0) this.#last = chunk;
    else if (!this.#response.write(chunk)) {
      this.exchange?.pause();
      this.#response.once('drain', () => this.exchange?.resume());
    }
  }

  /** The last piece. A short one goes out as text: Node.js joins that with the head and writes both at once, where a
   * buffer would take a gathered write. Every byte is one character of latin1, so it is the same bytes.
   */
  #endWith(chunk: Buffer): void {
    if (chunk.length > longestText) this.#response.end(chunk);
    else this.#response.end(chunk.toString('latin1'), 'latin1');
  }

  onEnd(): void {
    if (this.#isDone) return;
    this.#take(() => this.#finish('answered', this.#release));
  }

  /** Of a stream that only listens. */
  end(why: string): void {
    if (this.#isDone) return;
    this.exchange?.abort();
    this.#finish('ended', this.#release, why);
  }

  readonly #release = (): void => {
    if (this.#last === undefined) this.#response.end();
    else this.#endWith(this.#last);
  };

  onError(error: Error): void {
    this.#take(() => this.#break(error));
  }

  #break(error: Error): void {
    if (this.#status === undefined) return this.fail(this.#unanswered(error));
    // The caller has half an answer: only a cut connection says so.
    this.#response.destroy();
    this.fail(
      fail(
        'upstream_failed',
        { target: this.#target, reason: `the answer was cut short: ${describe(error)}` },
        { cause: error },
      ),
    );
  }

  readonly #flushHead = (): void => {
    if (this.#bytes === 0 && !this.#isDone) this.#response.flushHeaders();
  };

  readonly onCallerGone = (): void => {
    if (!this.#isDone) this.#stop('cancelled');
  };

  #unanswered(error: Error): Error {
    if (error instanceof UsherError) return error;
    const details = { target: this.#target, reason: describe(error) };
    const code = 'code' in error ? String(error.code) : '';
    if (code === 'UND_ERR_HEADERS_TIMEOUT') return fail('upstream_timeout', details, { cause: error });
    if (brokenAnswers.has(code) || code.startsWith('HPE_') || error.name === 'HTTPParserError')
      return fail('upstream_failed', details, { cause: error });
    return fail('upstream_unreachable', details, { cause: error });
  }

  #stop(end: Exclude<Forwarded['end'], 'answered'>): void {
    this.exchange?.abort();
    this.#finish(end);
  }

  #finish(end: Forwarded['end'], release?: () => void, why?: string): void {
    this.#isDone = true;
    this.#leave?.();
    this.#settle.resolve({
      end,
      upstreamStatus: this.#status,
      words: this.#words,
      firstByteMs: this.#firstByteMs,
      bytes: this.#bytes,
      release,
      why,
    });
  }

  fail(error: Error): void {
    this.exchange?.abort();
    this.#isDone = true;
    this.#leave?.();
    this.#settle.reject(error);
  }
}
