import { setTimeout as waitFor } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { HttpClientError, type HttpClient } from '../lib/http-client.ts';
import { RetryBudget } from '../lib/retry-budget.ts';
import type { Flight } from '../lib/single-flight.ts';
import { Slots } from '../lib/slots.ts';
import type { Log } from '../model/log.ts';
import type { ExplainRefusal } from '../model/provider.ts';
import type { Store } from '../model/store.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { Availability, type Turn } from './availability.ts';
import { StatusError } from './classify-refusal.ts';
import type { IssuedToken } from './parse-answer.ts';
import type { Prover } from './prover.ts';
import { sendTokenRequest } from './send-token-request.ts';
import type { ClientAuthentication, TokenRequest } from './token-request.ts';

export interface TokenEndpointSettings {
  readonly url: string;
  /** For a request with its one repetition. */
  readonly timeoutSeconds: number;
  /** Present where issued tokens are to be bound to a key of this gateway (RFC 9449). */
  readonly prover?: Prover | undefined;
}

export interface TokenEndpointDeps {
  readonly http: HttpClient;
  readonly now: Clock;
  readonly log: Log;
  /** Of the mounted server. */
  readonly name: string;
  /** Certificate authorities to trust; Node's own list when absent. */
  readonly ca?: readonly string[] | undefined;
  /** What is known of the answers of the provider behind. */
  readonly explainRefusal?: ExplainRefusal | undefined;
  /** What replicas know together: the part that belongs to this credential's settings. */
  readonly store?: Store | undefined;
  /** From 0 up to 1; injected by tests. */
  readonly random?: () => number;
  /** Injected by tests that do not want to wait. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** A token endpoint as a neighbour that can fail: asked as often as it bears, and no longer than a call can wait. */
export interface TokenEndpoint {
  /** @throws UsherError exchange_unavailable when it is left alone now */
  checkAvailable(): void;
  /** A new token: at most one more request when the first got no answer or an error of the server's.
   * @throws UsherError of stage exchange
   */
  request(request: TokenRequest, flight: Flight): Promise<IssuedToken>;
}

/** Exchanges under way at once, for each mounted server, and how many may wait for one of them to end. */
const mostUnderWay = 256;
const mostWaiting = 1024;
/** What can be repeated: a fifth of all exchanges, and ten of the first. */
const repeatable = { share: 0.2, most: 10 };
/** Between an exchange that failed and the one time it is repeated: not at once, nor all at the same time. */
const retryDelayMs = { least: 50, spread: 200 };

/** The token endpoint at `settings.url`, for one mounted server. */
export function buildTokenEndpoint(
  settings: TokenEndpointSettings,
  client: ClientAuthentication,
  deps: TokenEndpointDeps,
): TokenEndpoint {
  const { url, prover } = settings;
  const timeoutMs = settings.timeoutSeconds * 1000;
  const { random = Math.random, wait = waitFor } = deps;
  const availability = new Availability({ url, now: deps.now, log: deps.log, name: deps.name });
  const slots = new Slots({ most: mostUnderWay, mostWaiting });
  const budget = new RetryBudget(repeatable);
  const busy = (reason: string) => fail('exchange_unavailable', { url, reason });
  const tooLate = () => busy(`${mostUnderWay} exchanges are under way, and none ended in time`);

  /** Rejects when there is none in time, or when nobody waits for it any more. */
  async function takeSlot(flight: Flight, deadlineAtMs: number): Promise<void> {
    const place = slots.take();
    if (place === undefined) throw busy(`${mostUnderWay} exchanges are under way and ${mostWaiting} wait`);
    if (!place.isWaiting) return;
    const timer = setTimeout(() => place.giveUp(tooLate()), leftMs(deadlineAtMs));
    flight.giveUp = () => place.giveUp(busy('nobody waits for the exchange any more'));
    try {
      await place.taken;
    } finally {
      clearTimeout(timer);
      flight.giveUp = undefined;
    }
  }

  const send = (request: TokenRequest, deadlineAtMs: number) =>
    sendTokenRequest(request, {
      url,
      client,
      timeoutMs: leftMs(deadlineAtMs),
      http: deps.http,
      now: deps.now,
      prover,
      explainRefusal: deps.explainRefusal,
    });

  async function requestWithRetry(request: TokenRequest, turn: Turn, deadlineAtMs: number): Promise<IssuedToken> {
    budget.earn();
    try {
      return await send(request, deadlineAtMs);
    } catch (error) {
      const delayMs = retryDelayMs.least + random() * retryDelayMs.spread;
      const isInTime = delayMs < leftMs(deadlineAtMs);
      if (turn === 'probe' || !isWorthRetry(error) || !isInTime || !budget.spend()) throw error;
      await wait(delayMs);
      // Others may have found out meanwhile that it is better left alone.
      if (availability.findRefusal() !== undefined) throw error;
      return send(request, deadlineAtMs);
    }
  }

  return {
    checkAvailable() {
      const refusal = availability.findRefusal();
      if (refusal !== undefined) throw refusal;
    },
    async request(request, flight) {
      // Real time, whatever the clock says: it is how long the caller waits, for all of it together.
      const deadlineAtMs = performance.now() + timeoutMs;
      await takeSlot(flight, deadlineAtMs);
      try {
        if (performance.now() >= deadlineAtMs) throw tooLate();
        const work = (turn: Turn) => requestWithRetry(request, turn, deadlineAtMs);
        return await availability.take('exchange_unavailable', work, request.callerToken);
      } finally {
        // Where the provider is left alone now, the next in line is refused and passes its slot on, and so do all the others.
        slots.release();
      }
    },
  };
}

/** Whole milliseconds, as timers take them; at least one. */
function leftMs(deadlineAtMs: number): number {
  return Math.max(1, Math.round(deadlineAtMs - performance.now()));
}

/** Where the provider did not answer, or answered with an error of its own that is over in a moment. Not where it took too
 * long, since the caller has waited enough; not where it says when to come back.
 */
function isWorthRetry(error: unknown): boolean {
  const cause = error instanceof UsherError ? error.cause : undefined;
  if (cause instanceof HttpClientError) return cause.wasNotAnswered;
  if (!(cause instanceof StatusError)) return false;
  return cause.status >= 500 && cause.status !== 501 && cause.retryAfterSeconds === undefined;
}
