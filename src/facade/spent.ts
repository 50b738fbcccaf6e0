import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import type { Store } from '../model/store.ts';

/** `assertion`: what a client proved itself with. `ended`: sign-ins whose refresh tokens are good no more. */
export type SpentKind = 'consent' | 'sign-in' | 'code' | 'refresh' | 'assertion' | 'ended';

/** What may be used once. */
export interface Spent {
  /** True the first time; false when it was used before.
   * @param lifeMs for how long it could be used again
   */
  take(kind: SpentKind, id: string, lifeMs: number): Promise<boolean>;
  /** It came to nothing through nobody's fault, and may be used again. */
  giveBack(kind: SpentKind, id: string): Promise<void>;
  /** When it was first used, milliseconds since the epoch by the clock of whoever took it; undefined when it was not. It is known as soon as
   * anybody else hears that it was used.
   */
  takenAtMs(kind: SpentKind, id: string): Promise<number | undefined>;
}

/** What was used in this process and when, by kind: it outlives the settings of a façade. */
export type SpentMemory = Readonly<Record<SpentKind, LRUCache<string, number>>>;

/** Of each kind, as many as a busy gateway has in a day; some 20 MB. */
const most = 100_000;

/** Each kind has room of its own: anybody can answer any number of consents, and must not push out by it what took a person to
 * sign in.
 */
export function buildSpentMemory(now: Clock = Date.now): SpentMemory {
  const build = () =>
    new LRUCache<string, number>({ maxSize: most, sizeCalculation: () => 1, perf: { now }, ttlResolution: 0 });
  return {
    consent: build(),
    'sign-in': build(),
    code: build(),
    refresh: build(),
    assertion: build(),
    ended: build(),
  };
}

/** @param store where the replicas know it together; absent where there is one */
export function buildSpent(memory: SpentMemory, store: Store | undefined, now: Clock): Spent {
  return {
    async take(kind, id, lifeMs) {
      if (memory[kind].get(id) !== undefined) return false;
      const atMs = now();
      memory[kind].set(id, atMs, { ttl: lifeMs });
      if ((await store?.setIfAbsent(`${kind} ${id}`, String(atMs), Math.ceil(lifeMs))) !== false) return true;
      // Where it was used it may be given back, of which nothing is heard here.
      memory[kind].delete(id);
      return false;
    },
    async giveBack(kind, id) {
      memory[kind].delete(id);
      await store?.delete(`${kind} ${id}`);
    },
    async takenAtMs(kind, id) {
      const shared = await store?.get(`${kind} ${id}`);
      const atMs = Number(shared);
      return shared !== undefined && Number.isFinite(atMs) ? atMs : memory[kind].get(id);
    },
  };
}
