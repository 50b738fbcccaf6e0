/** Allows a burst, then one more each interval. For things outsiders can trigger and neighbours have to bear. */
export class TokenBucket {
  readonly #burst: number;
  readonly #intervalMs: number;
  #tokens: number;
  #refilledAtMs: number;

  constructor(options: { readonly burst: number; readonly intervalMs: number; readonly nowMs: number }) {
    this.#burst = options.burst;
    this.#intervalMs = options.intervalMs;
    this.#tokens = options.burst;
    this.#refilledAtMs = options.nowMs;
  }

  /** Puts one back that was taken for something that turned out not to be a burden. */
  giveBack(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }

  /** Takes one if there is one. */
  take(nowMs: number): boolean {
    // A clock set back must not stop the refill for as long as it was set back.
    if (nowMs < this.#refilledAtMs) this.#refilledAtMs = nowMs;
    const refill = Math.floor((nowMs - this.#refilledAtMs) / this.#intervalMs);
    if (refill > 0) {
      this.#tokens = Math.min(this.#burst, this.#tokens + refill);
      this.#refilledAtMs += refill * this.#intervalMs;
    }
    if (this.#tokens === 0) return false;
    this.#tokens -= 1;
    return true;
  }
}
