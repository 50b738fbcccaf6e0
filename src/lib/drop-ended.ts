/** A cache that can be walked from what nobody used for longest on (lru-cache). */
export interface AgingCache<V> {
  rkeys(): Iterable<string>;
  /** Without using it. */
  peek(key: string): V | undefined;
  delete(key: string): unknown;
}

/** At one time: whoever adds an entry waits for it. */
const mostDropped = 100;

/** Drops entries that have ended, from the one that nobody used for longest on, up to the first that has not: what has ended
 * is not used any more and comes to stand there. Called whenever an entry is added, a cache holds what still is good, and not
 * all it ever held until it is full.
 */
export function dropEnded<V>(cache: AgingCache<V>, hasEnded: (value: V) => boolean): void {
  let left = mostDropped;
  for (const key of cache.rkeys()) {
    const value = cache.peek(key);
    if (left === 0 || value === undefined || !hasEnded(value)) return;
    cache.delete(key);
    left -= 1;
  }
}
