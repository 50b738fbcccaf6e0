import type { Clock } from '../../lib/clock.ts';
import type { Store } from '../../model/store.ts';
import type { ReplayMemory, ReplayStore } from './replay-memory.ts';
import { longestProofLifeMs } from './schema.ts';

/** Between the clocks of replicas. */
const leewayMs = 60_000;

/** What was used here or at another replica. Where the shared store does not answer, what this process knows has to do. It is kept there
 * as long as any replica could take it by any setting: another may take older proofs than this one, since its settings were changed
 * first, and in which order they are, nobody knows.
 */
export function buildSharedReplays(memory: ReplayMemory, store: Store, now: Clock): ReplayStore {
  return {
    async isNew(key, untilMs, lifeMs) {
      if (!memory.isNew(key, untilMs, lifeMs)) return false;
      const ttlMs = Math.ceil(untilMs - lifeMs + longestProofLifeMs + leewayMs - now());
      return (await store.setIfAbsent(key, '', Math.max(1, ttlMs))) !== false;
    },
  };
}
