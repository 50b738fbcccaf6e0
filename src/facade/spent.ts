import { LRUCache } from 'lru-cache';
import type { Store } from '../model/store.ts';

/** What may be used once: consents, sign-ins, codes, refresh tokens. */
export interface Spent {
  /** True the first time; false when it was used before.
   * @param lifeMs for how long it could be used again
   */
  take(id: string, lifeMs: number): Promise<boolean>;
  /** It came to nothing through nobody's fault, and may be used again. */
  giveBack(id: string): Promise<void>;
}

/** As many as a busy gateway has in a day; some 20 MB. */
const most = 100_000;

/** @param store where the replicas know it together; absent where there is one */
export function buildSpent(store: Store | undefined): Spent {
  const local = new LRUCache<string, true>({ maxSize: most, sizeCalculation: () => 1 });
  return {
    async take(id, lifeMs) {
      if (local.get(id) === true) return false;
      local.set(id, true, { ttl: lifeMs });
      return (await store?.setIfAbsent(id, '1', Math.ceil(lifeMs))) !== false;
    },
    async giveBack(id) {
      local.delete(id);
      await store?.delete(id);
    },
  };
}
