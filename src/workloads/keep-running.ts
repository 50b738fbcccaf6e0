import { setTimeout as sleep } from 'node:timers/promises';
import { BackOff, type BackOffTimes } from '../lib/back-off.ts';
import { describe } from '../lib/describe-error.ts';
import { RecentEnds } from '../lib/recent-ends.ts';
import type { Log } from '../model/log.ts';
import type { SelfCheck, ServerLife } from '../model/server-life.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import type { ShowProgress, Workload } from '../model/workload.ts';
import { LastLines } from './last-lines.ts';

/** A server that was started and listens. */
export interface RunningServer extends AsyncDisposable {
  /** Resolves with a sentence when it ended by itself. */
  readonly ended: Promise<string>;
  /** What a check of its own finds; undefined without one. */
  readonly check?: SelfCheck | undefined;
  /** Stops it; resolves when nothing of it is left. */
  [Symbol.asyncDispose](): PromiseLike<void>;
}

export interface StartDeps {
  readonly log: Log;
  /** Gives up waiting for it to listen. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what it says to stderr, cleaned for the log. */
  readonly onErrorLine?: (line: string) => void;
  /** Where a person looks at a terminal. */
  readonly showProgress?: ShowProgress | undefined;
}

/** What is kept running. */
export interface KeptServer {
  /** Of the mounted server. */
  readonly name: string;
  /** Its program or image: what the operator knows it by. */
  readonly label: string;
  /** Where its MCP endpoint answers, over all restarts. */
  readonly url: string;
  readonly restart: 'always' | 'never';
  /** Starts it, and returns when it listens.
   * @throws UsherError workload_failed and its like, or the signal's reason; nothing of it is left then
   */
  start(deps: StartDeps): Promise<RunningServer>;
}

/** When a server that ended is started again. */
export interface RestartTimes extends BackOffTimes {
  /** A server that ran for so long was well: the next wait is the first again. */
  readonly healthyMs: number;
}

const usualTimes: RestartTimes = { firstMs: 500, longestMs: 30_000, healthyMs: 60_000 };

export interface KeepRunningDeps {
  readonly log: Log;
  /** Gives up starting. */
  readonly signal?: AbortSignal | undefined;
  /** Injected by tests, which have less time. */
  readonly times?: RestartTimes | undefined;
  /** Where a person looks at a terminal: for the first start. */
  readonly showProgress?: ShowProgress | undefined;
}

/** Keeps a server running: when it ends it is started again, after a wait that grows while it keeps ending; calls are
 * refused meanwhile. A server that does not come up the first time is not tried again: that is a mistake in the settings.
 * @throws UsherError workload_failed, or the signal's reason
 */
export async function keepRunning(kept: KeptServer, deps: KeepRunningDeps): Promise<Workload> {
  const { log, signal, times = usualTimes, showProgress } = deps;
  const lastErrors = new LastLines();
  const running = await kept.start({ log, signal, onErrorLine: lastErrors.take, showProgress });
  return new KeptWorkload(kept, { running, lastErrors, log, times });
}

interface Begun {
  readonly running: RunningServer;
  readonly lastErrors: LastLines;
  readonly log: Log;
  readonly times: RestartTimes;
}

/** Why it does not run, and when that changes; undefined: never. */
interface Outage {
  readonly reason: string;
  readonly sinceMs: number;
  readonly nextStartAtMs: number | undefined;
}

class KeptWorkload implements Workload {
  readonly url: string;
  readonly ended: Promise<string>;
  readonly #kept: KeptServer;
  readonly #begun: Begun;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;
  readonly #ends = new RecentEnds();
  #restarts = 0;
  #current: RunningServer;
  #since = new Date();
  #outage: Outage | undefined;

  constructor(kept: KeptServer, begun: Begun) {
    this.url = kept.url;
    this.#kept = kept;
    this.#begun = begun;
    this.#backOff = new BackOff(begun.times);
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    this.ended = ended;
    this.#current = begun.running;
    this.#finished = this.#keep(begun.running, resolve);
  }

  get failure(): UsherError | undefined {
    if (this.#outage === undefined) return undefined;
    const { reason, nextStartAtMs } = this.#outage;
    const waitMs = (nextStartAtMs ?? Number.POSITIVE_INFINITY) - Date.now();
    const next = describeNext(nextStartAtMs, waitMs);
    if (waitMs <= 0 || !Number.isFinite(waitMs)) return fail('workload_down', { reason, next });
    return fail('workload_down', { reason, next }, { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }

  get life(): ServerLife {
    const isUp = this.#outage === undefined;
    return {
      restarts: this.#restarts,
      recentEnds: this.#ends.recent,
      lastEnd: this.#ends.last,
      since: isUp ? this.#since : undefined,
      processes: undefined,
      check: isUp ? this.#current.check : undefined,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#finished;
  }

  /** Until it shall stop, or is not to be started again. */
  async #keep(first: RunningServer, giveUp: (sentence: string) => void): Promise<void> {
    const stopped = new Promise<undefined>((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve(undefined));
    });
    let running: RunningServer | undefined = first;
    while (running !== undefined) {
      const startedAtMs = performance.now();
      const reason: string | undefined = await Promise.race([running.ended, stopped]);
      if (reason === undefined || this.#stop.signal.aborted) return this.#remove(running);
      if (performance.now() - startedAtMs >= this.#begun.times.healthyMs) this.#backOff.reset();
      this.#ends.note(reason);
      const isOver = this.#kept.restart === 'never';
      const sinceMs = Date.now();
      this.#outage = { reason, sinceMs, nextStartAtMs: isOver ? undefined : sinceMs + this.#backOff.nextMs() };
      // What it left behind goes first, and holds its port no longer; what it said last arrives.
      await this.#remove(running);
      this.#logExit('The MCP server that is run here ended');
      if (isOver) return giveUp(reason);
      running = await this.#startAgain();
    }
  }

  /** What cannot be removed is for the operator to see: it must neither end the gateway nor keep the server from being started
   * again.
   */
  async #remove(running: RunningServer): Promise<void> {
    try {
      await running[Symbol.asyncDispose]();
    } catch (error) {
      const fields = { server: this.#kept.name, reason: describe(error) };
      this.#begun.log.warn('Something of the MCP server that is run here could not be removed', fields);
    }
  }

  /** Tries until it is up; undefined when it shall stop. */
  async #startAgain(): Promise<RunningServer | undefined> {
    const { signal } = this.#stop;
    const { log, lastErrors } = this.#begun;
    while (this.#outage !== undefined) {
      const { sinceMs, nextStartAtMs = 0 } = this.#outage;
      try {
        await sleep(Math.max(0, nextStartAtMs - Date.now()), undefined, { signal });
        lastErrors.clear();
        this.#restarts += 1;
        const running = await this.#kept.start({ log, signal, onErrorLine: lastErrors.take });
        [this.#outage, this.#current, this.#since] = [undefined, running, new Date()];
        log.info('The MCP server that is run here is up again', {
          server: this.#kept.name,
          attempts: this.#backOff.attempts,
          downMs: Date.now() - sinceMs,
        });
        return running;
      } catch (thrown) {
        if (signal.aborted) return undefined;
        const reason =
          thrown instanceof UsherError ? `${this.#kept.label}: ${thrown.details['reason']}` : String(thrown);
        this.#ends.note(reason);
        this.#outage = { reason, sinceMs, nextStartAtMs: Date.now() + this.#backOff.nextMs() };
        this.#logExit('The MCP server that is run here could not be started again');
      }
    }
    return undefined;
  }

  #logExit(message: string): void {
    const { log, lastErrors } = this.#begun;
    log.warn(message, { server: this.#kept.name, hint: this.failure?.hint, stderr: lastErrors.all() });
  }
}

function describeNext(nextStartAtMs: number | undefined, waitMs: number): string {
  if (nextStartAtMs === undefined) return 'It is not started again (--restart never)';
  return waitMs <= 0
    ? 'It is being started again'
    : `It is started again at ${new Date(Math.ceil(nextStartAtMs)).toISOString()}`;
}
