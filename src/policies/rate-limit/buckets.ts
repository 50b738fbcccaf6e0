import { hash, randomBytes } from 'node:crypto';
import { type Bucket, buildBucket, isForgettable } from './bucket.ts';

export interface BucketsOptions {
  /** Buckets of their own at once; some 250 bytes each. */
  readonly most: number;
  /** There are that many. */
  readonly onFull: () => void;
}

/** Looked at for each that is made: more than one, so that those that are full again go sooner than others come. */
const sweptEach = 4;
const sharedBuckets = 4_096;

/** A bucket for each key, as long as it matters. Whoever comes when there are too many shares one with others, by a hash
 * that nobody outside can tell: nobody gets more than the limit then, and some may get less. None is forgotten before it is
 * full again, or somebody could empty theirs, bring many names along, and have a new one.
 */
export class Buckets {
  readonly #options: BucketsOptions;
  readonly #own = new Map<string, Bucket>();
  readonly #salt = randomBytes(16).toString('base64');
  #hand: Iterator<[string, Bucket]> = this.#own.entries();
  #shared: Bucket[] = [];

  constructor(options: BucketsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#own.size;
  }

  find(key: string, nowMs: number): Bucket {
    const known = this.#own.get(key);
    if (known !== undefined) return known;
    this.#sweep(nowMs);
    if (this.#own.size >= this.#options.most) {
      this.#options.onFull();
      return (this.#shared[this.#placeOf(key)] ??= buildBucket(undefined));
    }
    const made = buildBucket(key);
    // What it used while it had none of its own.
    if (this.#shared.length > 0) made.fullAtMs = this.#shared[this.#placeOf(key)]?.fullAtMs ?? made.fullAtMs;
    this.#own.set(key, made);
    return made;
  }

  #placeOf(key: string): number {
    return Number.parseInt(hash('sha256', this.#salt + key).slice(0, 8), 16) % sharedBuckets;
  }

  /** Goes round, a few at a time: no call waits for all of them. */
  #sweep(nowMs: number): void {
    for (let left = Math.min(sweptEach, this.#own.size); left > 0; left -= 1) {
      let next = this.#hand.next();
      if (next.done === true) {
        this.#hand = this.#own.entries();
        next = this.#hand.next();
        if (next.done === true) return;
      }
      const [key, bucket] = next.value;
      if (isForgettable(bucket, nowMs)) this.#own.delete(key);
    }
  }
}
