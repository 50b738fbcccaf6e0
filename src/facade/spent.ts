import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import type { Store } from '../model/store.ts';

/** `lately`: refresh tokens that were used a moment ago. `ended`: sign-ins whose refresh tokens are good no more. */
export type SpentKind = 'consent' | 'sign-in' | 'code' | 'refresh' | 'lately' | 'ended';

/** What may be used once. */
export interface Spent {
  /** True the first time; false when it was used before.
   * @param lifeMs for how long it could be used again
   */
  take(kind: SpentKind, id: string, lifeMs: number): Promise<boolean>;
  /** It came to nothing through nobody's fault, and may be used again. */
  giveBack(kind: SpentKind, id: string): Promise<void>;
  /** Was it used before? */
  has(kind: SpentKind, id: string): Promise<boolean>;
}

/** What was used in this process, by kind: it outlives the settings of a façade. */
export type SpentMemory = Readonly<Record<SpentKind, LRUCache<string, true>>>;

/** Of each kind, as many as a busy gateway has in a day; some 20 MB. */
const most = 100_000;

/** Each kind has room of its own: anybody can answer any number of consents, and must not push out by it what took a person to
 * sign in.
 */
export function buildSpentMemory(now: Clock = Date.now): SpentMemory {
  const build = () =>
    new LRUCache<string, true>({ maxSize: most, sizeCalculation: () => 1, perf: { now }, ttlResolution: 0 });
  return { consent: build(), 'sign-in': build(), code: build(), refresh: build(), lately: build(), ended: build() };
}

/** @param store where the replicas know it together; absent where there is one */
export function buildSpent(memory: SpentMemory, store: Store | undefined): Spent {
  return {
    async take(kind, id, lifeMs) {
      if (memory[kind].get(id) === true) return false;
      memory[kind].set(id, true, { ttl: lifeMs });
      return (await store?.setIfAbsent(`${kind} ${id}`, '1', Math.ceil(lifeMs))) !== false;
    },
    async giveBack(kind, id) {
      memory[kind].delete(id);
      await store?.delete(`${kind} ${id}`);
    },
    async has(kind, id) {
      return memory[kind].get(id) === true || (await store?.get(`${kind} ${id}`)) !== undefined;
    },
  };
}
