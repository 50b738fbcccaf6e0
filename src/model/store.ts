/** What several replicas of a gateway know together. An aid and no more: it can be gone at any time, and whoever uses it
 * then goes on with what this process knows alone. It never rejects, answers within a fraction of a second, and what it
 * keeps can be read by gateways with the same key only.
 */
export interface Store {
  /** What was set; undefined when there is nothing, nothing that can be trusted, or nobody who knows. */
  get(key: string): Promise<string | undefined>;
  /** Keeps it for so long. Whether it was kept is nobody's concern. */
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** True when it was set, false when there was something already; undefined when nobody knows. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean | undefined>;
  delete(key: string): Promise<void>;
  /** Adds so much to a time that runs out by itself, and says how much of it is left then, by the one clock that the store
   * has; 0 only asks. Whole milliseconds. Undefined when nobody knows.
   */
  extend(key: string, byMs: number): Promise<number | undefined>;
  /** A secret of 32 bytes that all replicas have, the same for the same use; also while nobody can be asked. */
  secretFor(use: string): Buffer;
}

/** A part of a store whose keys mean nothing to the others.
 * @param scope all that must be the same for two replicas to mean the same by a key
 */
export function scopeStore(store: Store, scope: string): Store {
  const within = (key: string): string => `${scope}\u0000${key}`;
  return {
    get: (key) => store.get(within(key)),
    set: (key, value, ttlMs) => store.set(within(key), value, ttlMs),
    setIfAbsent: (key, value, ttlMs) => store.setIfAbsent(within(key), value, ttlMs),
    delete: (key) => store.delete(within(key)),
    extend: (key, byMs) => store.extend(within(key), byMs),
    secretFor: (use) => store.secretFor(within(use)),
  };
}
