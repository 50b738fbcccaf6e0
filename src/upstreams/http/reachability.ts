import type { buildConnector } from 'undici';
import { describe } from '../../lib/describe-error.ts';
import type { Log } from '../../model/log.ts';

type Connector = ReturnType<typeof buildConnector>;

export interface ReachabilityDeps {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly log: Log | undefined;
  readonly target: string;
  readonly connectTimeoutMs: number;
}

/** A failure that took so much of the time limit is one that calls would pile up behind. */
const slowShare = 0.2;
/** Between two calls that try whether a server is back, in shares of the time limit. */
const pauseShare = 0.2;

/** Whether a server can be connected to. Where connecting fails slowly (nobody answers, a name server is down) one call at
 * a time finds out whether that is still so, and the others fail at once with what the last one met, instead of each
 * waiting for the time limit. A refused connection costs nothing, so that each call tries.
 */
export class Reachability {
  readonly #deps: ReachabilityDeps;
  #failure: { readonly error: Error; readonly isSlow: boolean; readonly atMs: number } | undefined;
  #trialUntilMs = 0;

  constructor(deps: ReachabilityDeps) {
    this.#deps = deps;
  }

  /** What a call must fail with at once; undefined when it may try. */
  findRefusal(): Error | undefined {
    if (this.#failure?.isSlow !== true) return undefined;
    const { now, connectTimeoutMs } = this.#deps;
    const nowMs = now();
    if (nowMs < this.#trialUntilMs || nowMs - this.#failure.atMs < connectTimeoutMs * pauseShare)
      return this.#failure.error;
    // Never for good: a call can find a connection that is open still, and then tells nothing.
    this.#trialUntilMs = nowMs + connectTimeoutMs * 1.2;
    return undefined;
  }

  /** A connector whose results are taken down here. */
  watch(connector: Connector): Connector {
    return (options, callback) => {
      const startedAtMs = this.#deps.now();
      connector(options, (...result) => {
        const [error] = result;
        if (error === null) this.#connected();
        else this.#failed(error, this.#deps.now() - startedAtMs);
        callback(...result);
      });
    };
  }

  #connected(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#trialUntilMs = 0;
    this.#deps.log?.info('The MCP server can be reached again', { target: this.#deps.target });
  }

  #failed(error: Error, tookMs: number): void {
    const { now, log, target, connectTimeoutMs } = this.#deps;
    if (this.#failure === undefined)
      log?.warn('The MCP server cannot be reached', { target, hint: `${target}: ${describe(error)}` });
    this.#failure = { error, isSlow: tookMs >= connectTimeoutMs * slowShare, atMs: now() };
    this.#trialUntilMs = 0;
  }
}
