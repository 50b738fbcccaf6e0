/** How long to wait between attempts. */
export interface BackOffTimes {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Waiting times between attempts that fail: twice as long each time, up to a limit, each shortened by up to a fifth at
 * random, so that what failed together does not come back together.
 */
export class BackOff {
  readonly #times: BackOffTimes;
  readonly #random: () => number;
  #attempts = 0;

  constructor(times: BackOffTimes, random: () => number = Math.random) {
    this.#times = times;
    this.#random = random;
  }

  /** How often `nextMs` was asked since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Milliseconds to wait before the next attempt. */
  nextMs(): number {
    const { firstMs, longestMs } = this.#times;
    const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return wholeMs * (1 - this.#random() / 5);
  }

  /** It works again: the next failure waits as the first did. */
  reset(): void {
    this.#attempts = 0;
  }
}
