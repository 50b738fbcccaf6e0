/** A token bucket as one number, when it is full again (the generic cell rate algorithm, ITU-T I.371), and what the other
 * replicas have to be told of it. Times are of a clock that is never set.
 */
export interface Bucket {
  /** What is counted in it; undefined for one that several share, of which nobody else is told. */
  readonly key: string | undefined;
  fullAtMs: number;
  /** Calls that were let through since the last report was sent. */
  unreported: number;
  /** Calls in the report that is under way. */
  inReport: number;
  /** Was something used while nobody could be told? */
  isLate: boolean;
  /** Less than a millisecond, which is what can be reported. */
  remainderMs: number;
  /** The report that is under way: never rejects. */
  report: Promise<void> | undefined;
}

/** How fast a bucket fills, and how much is in it. */
export interface Rate {
  /** For one call. */
  readonly intervalMs: number;
  /** Calls at once. */
  readonly burst: number;
}

export function buildBucket(key: string | undefined): Bucket {
  return {
    key,
    fullAtMs: Number.NEGATIVE_INFINITY,
    unreported: 0,
    inReport: 0,
    isLate: false,
    remainderMs: 0,
    report: undefined,
  };
}

/** How long until so many calls are in it; not above 0 when they are. */
export function findLackMs({ fullAtMs }: Bucket, count: number, { nowMs, rate }: At): number {
  return Math.max(0, fullAtMs - nowMs) + (count - rate.burst) * rate.intervalMs;
}

export function take(bucket: Bucket, count: number, { nowMs, rate }: At): void {
  bucket.fullAtMs = Math.max(bucket.fullAtMs, nowMs) + count * rate.intervalMs;
}

export interface At {
  readonly nowMs: number;
  readonly rate: Rate;
}

/** Nobody would notice if it was made anew. */
export function isForgettable({ fullAtMs, unreported, inReport }: Bucket, nowMs: number): boolean {
  return fullAtMs <= nowMs && unreported === 0 && inReport === 0;
}
