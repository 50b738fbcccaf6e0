import type { Clock } from '../../lib/clock.ts';
import type { Store } from '../../model/store.ts';
import type { ReplayMemory, ReplayStore } from './replay-memory.ts';

export interface SharedReplays {
  readonly now: Clock;
  /** Where replicas know together which proofs were used; absent where each knows its own. */
  readonly store: Store | undefined;
}

/** Which proofs were used: here, and at other replicas where they share. While nobody knows what the others did, what this
 * process knows has to do.
 */
export function buildReplays(memory: ReplayMemory, { now, store }: SharedReplays): ReplayStore {
  if (store === undefined) return memory;
  return {
    async isNew(key, untilMs) {
      if (!memory.isNew(key, untilMs)) return false;
      return (await store.setIfAbsent(key, '1', Math.max(1, untilMs - now()))) !== false;
    },
  };
}
