import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../model/store.ts';
import { buildReplayMemory } from './replay-memory.ts';
import { buildSharedReplays } from './shared-replays.ts';

const now = () => 1_000;

/** A store that several share; `answers` false is one that is down. */
function startStore() {
  const scene = { answers: true };
  const kept = new Map<string, number>();
  const store: Store = {
    get: async () => undefined,
    set: async () => {},
    delete: async () => {},
    extend: async () => undefined,
    secretFor: () => Buffer.alloc(32),
    async setIfAbsent(key, _value, ttlMs) {
      if (!scene.answers) return undefined;
      if (kept.has(key)) return false;
      kept.set(key, ttlMs);
      return true;
    },
  };
  return { scene, kept, replica: () => buildSharedReplays(buildReplayMemory({ now }), store, now) };
}

test('a proof that another replica took – is not new here', async () => {
  const { replica, kept } = startStore();
  const [one, other] = [replica(), replica()];
  assert.equal(await one.isNew('key.proof', 31_000), true);
  assert.equal(await other.isNew('key.proof', 31_000), false);
  assert.equal(await other.isNew('key.another', 31_000), true);
  assert.equal(kept.get('key.proof'), 30_000);
});

test('a store that does not answer – what this replica knows has to do: new ones are taken, used ones are not', async () => {
  const { replica, scene } = startStore();
  scene.answers = false;
  const one = replica();
  assert.equal(await one.isNew('key.proof', 31_000), true);
  assert.equal(await one.isNew('key.proof', 31_000), false);
});
