import { LRUCache } from 'lru-cache';
import { TokenBucket } from '../lib/token-bucket.ts';

const slowDownSeconds = 5;
/** Wrong codes that are typed in, by whoever: a code has 20^8 values and lives for minutes (RFC 8628 §5.1). */
export const codeTries = { burst: 20, intervalMs: 3_000 };

/** What is remembered of devices that wait, across all servers. */
export class DeviceWaits {
  readonly #polls = new LRUCache<string, { atMs: number; intervalMs: number }>({ max: 10_000 });
  readonly #tries: TokenBucket;

  constructor(nowMs: number) {
    this.#tries = new TokenBucket({ ...codeTries, nowMs });
  }

  /** Did it ask too soon (RFC 8628 §3.5)? It then has to wait five seconds longer, from now on.
   * @param intervalSeconds what it was told at first
   */
  isTooSoon(deviceCode: string, nowMs: number, intervalSeconds: number): boolean {
    const known = this.#polls.get(deviceCode);
    const intervalMs = known?.intervalMs ?? intervalSeconds * 1000;
    // Clocks are not that exact.
    const isTooSoon = known !== undefined && nowMs - known.atMs < intervalMs - 100;
    this.#polls.set(deviceCode, { atMs: nowMs, intervalMs: intervalMs + (isTooSoon ? slowDownSeconds * 1000 : 0) });
    return isTooSoon;
  }

  /** May somebody try another code? */
  takeTry(nowMs: number): boolean {
    return this.#tries.take(nowMs);
  }

  /** It was a good one. */
  giveTryBack(): void {
    this.#tries.giveBack();
  }
}
