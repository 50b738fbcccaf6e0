import type { Clock } from '../../lib/clock.ts';
import type { Store } from '../../model/store.ts';
import type { ReplayMemory, ReplayStore } from './replay-memory.ts';

/** What was used here or at another replica. Where the shared store does not answer, what this process knows has to do. */
export function buildSharedReplays(memory: ReplayMemory, store: Store, now: Clock): ReplayStore {
  return {
    async isNew(key, untilMs, lifeMs) {
      if (!memory.isNew(key, untilMs, lifeMs)) return false;
      const ttlMs = Math.ceil(untilMs - now());
      return ttlMs <= 0 || (await store.setIfAbsent(key, '', ttlMs)) !== false;
    },
  };
}
