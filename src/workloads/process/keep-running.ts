import { setTimeout as sleep } from 'node:timers/promises';
import { BackOff, type BackOffTimes } from '../../lib/back-off.ts';
import type { Log } from '../../model/log.ts';
import { fail, UsherError } from '../../model/usher-error.ts';
import type { Workload } from '../../model/workload.ts';
import { LastLines } from './last-lines.ts';
import type { ProcessSettings } from './schema.ts';
import { startProcess, type RunningProcess, type StartProcessDeps } from './start-process.ts';

/** When a command that ended is started again. */
export interface RestartTimes extends BackOffTimes {
  /** A command that ran for so long was well: the next wait is the first again. */
  readonly healthyMs: number;
}

const usualTimes: RestartTimes = { firstMs: 500, longestMs: 30_000, healthyMs: 60_000 };

export interface KeepRunningDeps extends StartProcessDeps {
  /** Injected by tests, which have less time. */
  readonly times?: RestartTimes | undefined;
}

/** Workload `process`, kept running: when its command ends it is started again, after a wait that grows while it keeps
 * ending; calls are refused meanwhile. A command that does not come up the first time is not tried again: that is a
 * mistake in the settings.
 * @throws UsherError workload_failed, or the signal's reason
 */
export async function keepRunning(name: string, settings: ProcessSettings, deps: KeepRunningDeps): Promise<Workload> {
  const lastErrors = new LastLines();
  const running = await startProcess(name, settings, { ...deps, onErrorLine: lastErrors.take });
  return new KeptProcess(name, settings, { running, lastErrors, log: deps.log, times: deps.times ?? usualTimes });
}

interface Begun {
  readonly running: RunningProcess;
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

class KeptProcess implements Workload {
  readonly ended: Promise<string>;
  readonly #name: string;
  readonly #settings: ProcessSettings;
  readonly #begun: Begun;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;
  #outage: Outage | undefined;

  constructor(name: string, settings: ProcessSettings, begun: Begun) {
    this.#name = name;
    this.#settings = settings;
    this.#begun = begun;
    this.#backOff = new BackOff(begun.times);
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    this.ended = ended;
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#finished;
  }

  /** Until it shall stop, or is not to be started again. */
  async #keep(first: RunningProcess, giveUp: (sentence: string) => void): Promise<void> {
    const stopped = new Promise<undefined>((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve(undefined));
    });
    let running: RunningProcess | undefined = first;
    while (running !== undefined) {
      const startedAtMs = performance.now();
      const reason: string | undefined = await Promise.race([running.ended, stopped]);
      if (reason === undefined || this.#stop.signal.aborted) return running[Symbol.asyncDispose]();
      if (performance.now() - startedAtMs >= this.#begun.times.healthyMs) this.#backOff.reset();
      const isOver = this.#settings.restart === 'never';
      const sinceMs = Date.now();
      this.#outage = { reason, sinceMs, nextStartAtMs: isOver ? undefined : sinceMs + this.#backOff.nextMs() };
      // What it left behind goes first, and holds its port no longer; what it said last arrives.
      await running[Symbol.asyncDispose]();
      this.#logExit('The MCP server that is run here ended');
      if (isOver) return giveUp(reason);
      running = await this.#startAgain();
    }
  }

  /** Tries until it is up; undefined when it shall stop. */
  async #startAgain(): Promise<RunningProcess | undefined> {
    const { signal } = this.#stop;
    const { log, lastErrors } = this.#begun;
    while (this.#outage !== undefined) {
      const { sinceMs, nextStartAtMs = 0 } = this.#outage;
      try {
        await sleep(Math.max(0, nextStartAtMs - Date.now()), undefined, { signal });
        lastErrors.clear();
        const running = await startProcess(this.#name, this.#settings, {
          log,
          signal,
          onErrorLine: lastErrors.take,
        });
        this.#outage = undefined;
        log.info('The MCP server that is run here is up again', {
          server: this.#name,
          attempts: this.#backOff.attempts,
          downMs: Date.now() - sinceMs,
        });
        return running;
      } catch (thrown) {
        if (signal.aborted) return undefined;
        const reason = thrown instanceof UsherError ? `${this.#command}: ${thrown.details['reason']}` : String(thrown);
        this.#outage = { reason, sinceMs, nextStartAtMs: Date.now() + this.#backOff.nextMs() };
        this.#logExit('The MCP server that is run here could not be started again');
      }
    }
    return undefined;
  }

  #logExit(message: string): void {
    const { log, lastErrors } = this.#begun;
    log.warn(message, { server: this.#name, hint: this.failure?.hint, stderr: lastErrors.all() });
  }

  get #command(): string {
    return this.#settings.command[0] ?? '';
  }
}

function describeNext(nextStartAtMs: number | undefined, waitMs: number): string {
  if (nextStartAtMs === undefined) return 'It is not started again (--restart never)';
  return waitMs <= 0
    ? 'It is being started again'
    : `It is started again at ${new Date(Math.ceil(nextStartAtMs)).toISOString()}`;
}
