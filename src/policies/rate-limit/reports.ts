import type { Store } from '../../model/store.ts';
import type { Bucket, Rate } from './bucket.ts';

export interface ReportsOptions {
  readonly rate: Rate;
  readonly now: () => number;
}

const usualPauseMs = 500;
/** While nobody can be told. */
const longPauseMs = 1_000;
/** In one go. */
const mostSent = 1_000;

/** Tells the shared store what was used of buckets here, and learns with it what others used. Calls do not wait for that:
 * a few go ahead of it, and only more than those wait for the report that is under way. While the store does not answer
 * nobody waits, and each replica has limits of its own.
 */
export class Reports {
  readonly #store: Store;
  readonly #rate: Rate;
  readonly #now: () => number;
  /** Calls of one bucket that this replica lets through before it has heard of the others'. */
  readonly #mostAhead: number;
  readonly #due = new Set<Bucket>();
  #isPlanned = false;
  #isDown = false;

  constructor(store: Store, { rate, now }: ReportsOptions) {
    this.#store = store;
    this.#rate = rate;
    this.#now = now;
    this.#mostAhead = Math.ceil(rate.burst / 10);
  }

  /** Until when so many calls have to wait, where too many went ahead already. */
  findWait(bucket: Bucket, count: number): Promise<void> | undefined {
    const ahead = bucket.unreported + bucket.inReport;
    if (ahead === 0 || ahead + count <= this.#mostAhead || this.#isDown || bucket.key === undefined) return undefined;
    return bucket.report ?? this.#send(bucket, bucket.key);
  }

  /** They were let through. */
  note(bucket: Bucket, count: number): void {
    if (bucket.key === undefined) return;
    bucket.unreported += count;
    if (this.#isDown) bucket.isLate = true;
    this.#plan(bucket, bucket.key);
  }

  #plan(bucket: Bucket, key: string): void {
    if (bucket.report !== undefined) return;
    if (!this.#isDown && bucket.unreported * 2 >= this.#mostAhead) void this.#send(bucket, key);
    else this.#later(bucket);
  }

  #later(bucket: Bucket): void {
    this.#due.add(bucket);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setTimeout(this.#flush, this.#isDown ? longPauseMs : usualPauseMs).unref();
  }

  readonly #flush = (): void => {
    this.#isPlanned = false;
    let sent = 0;
    for (const bucket of this.#due) {
      if (sent === mostSent) break;
      this.#due.delete(bucket);
      if (bucket.key === undefined || bucket.report !== undefined || bucket.unreported === 0) continue;
      sent += 1;
      void this.#send(bucket, bucket.key);
    }
    const [next] = this.#due;
    if (next !== undefined) this.#later(next);
  };

  #send(bucket: Bucket, key: string): Promise<void> {
    this.#due.delete(bucket);
    bucket.report = this.#exchange(bucket, key);
    return bucket.report;
  }

  async #exchange(bucket: Bucket, key: string): Promise<void> {
    const { intervalMs } = this.#rate;
    // Of what was used while nobody could be told, only what is not there again by now.
    const missingMs = bucket.isLate ? Math.max(0, bucket.fullAtMs - this.#now()) : Number.POSITIVE_INFINITY;
    const costMs = Math.min(bucket.unreported * intervalMs + bucket.remainderMs, missingMs);
    bucket.inReport = bucket.unreported;
    bucket.unreported = 0;
    const wholeMs = Math.floor(costMs);
    const leftMs = await this.#store.extend(key, wholeMs);
    bucket.report = undefined;
    if (leftMs === undefined) {
      this.#isDown = true;
      bucket.isLate = true;
      bucket.unreported += bucket.inReport;
      bucket.inReport = 0;
      // What is full again need not be told any more.
      if (bucket.fullAtMs > this.#now()) this.#later(bucket);
      else bucket.unreported = 0;
      return;
    }
    this.#isDown = false;
    bucket.isLate = false;
    bucket.remainderMs = costMs - wholeMs;
    bucket.inReport = 0;
    // Never less than what is known here: a store that was emptied gives nothing back.
    const heardMs = this.#now() + leftMs + bucket.unreported * intervalMs;
    bucket.fullAtMs = Math.max(bucket.fullAtMs, heardMs);
    if (bucket.unreported > 0) this.#plan(bucket, key);
  }
}
