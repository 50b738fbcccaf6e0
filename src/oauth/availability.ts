import { hash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { ErrorCode } from '../model/errors.ts';
import type { Log } from '../model/log.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { StatusError } from './classify-refusal.ts';

/** Failures in a row after which the provider is no longer asked for every call. */
const mostFailures = 10;
/** Then one call asks it, this long after the last one that failed. */
const probeEveryMs = 2_000;
/** However long the provider wants to be left alone: it may have meant one client among many, or be mistaken. */
const longestQuietMs = 60_000;

export interface AvailabilityDeps {
  /** The token endpoint. */
  readonly url: string;
  readonly now: Clock;
  readonly log: Log;
  /** Of the mounted server. */
  readonly name: string;
  /** What it is asked for, where that is not an exchange. */
  readonly work?: {
    /** As the log has it: several of them. */
    readonly plural: string;
    readonly refuse: (reason: string, retryAfterSeconds: number) => UsherError;
  };
}

/** What an exchange is for the provider: one of many, or the one that finds out whether it works again. */
export type Turn = 'usual' | 'probe';

/** Knows when the provider is better left alone: while it asked for that (Retry-After), and while exchange after exchange
 * fails, which is a circuit breaker. An exchange that fails for the caller's or the operator's fault is an answer.
 */
export class Availability {
  readonly #deps: AvailabilityDeps;
  #quietUntilMs = 0;
  #failures = 0;
  /** Digests of the tokens it failed with since it last answered. */
  readonly #stumbledOver = new Set<string>();
  /** Set while exchange after exchange fails. */
  #outage: { probeAtMs: number; isProbed: boolean; readonly sinceMs: number } | undefined;

  constructor(deps: AvailabilityDeps) {
    this.#deps = deps;
  }

  /** Why the provider is not asked now, and for how long; undefined when it may be. */
  findRefusal(): UsherError | undefined {
    const nowMs = this.#deps.now();
    const quietMs = this.#quietUntilMs - nowMs;
    // A clock set back must not make it longer than it may be.
    if (quietMs > 0 && quietMs <= longestQuietMs) return this.#refusal('it asked to be left alone', quietMs);
    if (this.#outage === undefined) return undefined;
    const { probeAtMs, isProbed } = this.#outage;
    if (isProbed) return this.#refusal(this.#brokenReason, probeEveryMs);
    const untilProbeMs = probeAtMs - nowMs;
    return untilProbeMs > 0 && untilProbeMs <= probeEveryMs
      ? this.#refusal(this.#brokenReason, untilProbeMs)
      : undefined;
  }

  /** Takes a turn at the provider, which {@link onAnswer} or {@link onFailure} ends.
   * @throws UsherError exchange_unavailable when the provider is left alone
   */
  begin(): Turn {
    const refusal = this.findRefusal();
    if (refusal !== undefined) throw refusal;
    if (this.#outage === undefined) return 'usual';
    this.#outage.isProbed = true;
    return 'probe';
  }

  /** Does work in a turn of its own. Whatever it fails with is an answer, but for this code and for what is no refusal.
   * @param callerToken what it is about, where that is one caller's
   * @throws UsherError of `refuse` when the provider is left alone, and what the work throws
   */
  async take<T>(unavailable: ErrorCode, work: (turn: Turn) => Promise<T>, callerToken?: string): Promise<T> {
    const turn = this.begin();
    try {
      const result = await work(turn);
      this.onAnswer();
      return result;
    } catch (error) {
      if (error instanceof UsherError && error.code !== unavailable) this.onAnswer();
      else this.onFailure(turn, error, callerToken);
      throw error;
    }
  }

  /** The provider answered as one that works, be it with a refusal. */
  onAnswer(): void {
    this.#failures = 0;
    this.#stumbledOver.clear();
    if (this.#outage === undefined) return;
    const seconds = Math.max(0, Math.round((this.#deps.now() - this.#outage.sinceMs) / 1000));
    this.#outage = undefined;
    this.#deps.log.info(`The identity provider answers again, after ${seconds} s; calls go on as usual`, {
      server: this.#deps.name,
      url: this.#deps.url,
    });
  }

  /** There was no answer, or one that says that it does not work. */
  onFailure(turn: Turn, error: unknown, callerToken?: string): void {
    const nowMs = this.#deps.now();
    const quietSeconds = findQuietSeconds(error);
    if (quietSeconds !== undefined) this.#quietUntilMs = nowMs + Math.min(longestQuietMs, quietSeconds * 1000);
    if (!this.#isSameAgain(error, callerToken)) this.#failures += 1;
    if (this.#outage === undefined) {
      if (this.#failures >= mostFailures) this.#startOutage(nowMs, error);
    } else if (turn === 'probe') {
      this.#outage.isProbed = false;
      this.#outage.probeAtMs = nowMs + probeEveryMs;
    }
  }

  /** It may fail with one token and work for all others: whoever calls with that in a loop must not have them refused. */
  #isSameAgain(error: unknown, callerToken: string | undefined): boolean {
    const cause = error instanceof Error ? error.cause : undefined;
    if (callerToken === undefined || !(cause instanceof StatusError) || cause.status !== 500) return false;
    const digest = hash('sha256', callerToken, 'base64url');
    if (this.#stumbledOver.has(digest)) return true;
    if (this.#stumbledOver.size < mostFailures) this.#stumbledOver.add(digest);
    return false;
  }

  #startOutage(nowMs: number, error: unknown): void {
    this.#outage = { probeAtMs: nowMs + probeEveryMs, isProbed: false, sinceMs: nowMs };
    const { name, url, log } = this.#deps;
    log.warn(
      `The identity provider failed ${mostFailures} ${this.#plural} in a row; calls that need one are refused until it answers again`,
      {
        server: name,
        url,
        hint: `One call asks it every ${probeEveryMs / 1000} s. The last failure: ${error instanceof UsherError ? error.hint : String(error)}`,
      },
    );
  }

  get #plural(): string {
    return this.#deps.work?.plural ?? 'exchanges';
  }

  get #brokenReason(): string {
    return `${mostFailures} ${this.#plural} in a row failed`;
  }

  #refusal(reason: string, waitMs: number): UsherError {
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    const { work } = this.#deps;
    const text = `not asked: ${reason}; next in ${retryAfterSeconds} s`;
    if (work !== undefined) return work.refuse(text, retryAfterSeconds);
    return fail('exchange_unavailable', { url: this.#deps.url, reason: text }, { retryAfterSeconds });
  }
}

/** RFC 6585 §4 and RFC 9110 §15.6.4 are the two that say how long to stay away. */
function findQuietSeconds(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof StatusError) || (cause.status !== 429 && cause.status !== 503)) return undefined;
  return cause.retryAfterSeconds;
}
