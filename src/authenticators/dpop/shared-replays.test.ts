import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../model/store.ts';
import { buildReplayMemory } from './replay-memory.ts';
import { buildSharedReplays } from './shared-replays.ts';

/** A store that several share; `answers` false is one that is down. */
function startStore() {
  const scene = { answers: true, nowMs: 1_000 };
  const now = () => scene.nowMs;
  const kept = new Map<string, number>();
  const store: Store = {
    get: async () => undefined,
    set: async () => {},
    delete: async () => {},
    extend: async () => undefined,
    secretFor: () => Buffer.alloc(32),
    async setIfAbsent(key, _value, ttlMs) {
      if (!scene.answers) return undefined;
      if ((kept.get(key) ?? 0) > now()) return false;
      kept.set(key, now() + ttlMs);
      return true;
    },
  };
  return { scene, kept, replica: () => buildSharedReplays(buildReplayMemory({ now }), store, now) };
}

test('a proof that another replica took – is not new here', async () => {
  const { replica, kept } = startStore();
  const [one, other] = [replica(), replica()];
  assert.equal(await one.isNew('key.proof', 31_000, 30_000), true);
  assert.equal(await other.isNew('key.proof', 31_000, 30_000), false);
  assert.equal(await other.isNew('key.another', 31_000, 30_000), true);
  // Ten minutes and five for clocks, from when it was made, and one between replicas: no setting is longer.
  assert.equal(kept.get('key.proof'), 1_000 + 960_000);
});

test('a store that does not answer – what this replica knows has to do: new ones are taken, used ones are not', async () => {
  const { replica, scene } = startStore();
  scene.answers = false;
  const one = replica();
  assert.equal(await one.isNew('key.proof', 31_000, 30_000), true);
  assert.equal(await one.isNew('key.proof', 31_000, 30_000), false);
});

const lives = [35_000, 90_000, 900_000];
for (const [before, after] of lives.flatMap((one) => lives.map((other) => [one, other] as const))) {
  test(`a proof that one replica took for ${before} ms – is new at none that takes it for ${after} ms, whenever that was changed`, async () => {
    const { replica, scene } = startStore();
    const [one, other] = [replica(), replica()];
    const take = (who: typeof one, key: string, lifeMs: number, madeMs: number) =>
      who.isNew(key, madeMs + lifeMs, lifeMs);
    // The other one has its new setting already, and has seen proofs with it.
    await take(other, 'key.before', after, scene.nowMs);
    const madeMs = scene.nowMs + 500;
    scene.nowMs += 1_000;
    assert.equal(await take(one, 'key.proof', before, madeMs), true);
    for (const laterMs of [1_000, before - 1, before, before + 1, after / 2, after - 1]) {
      scene.nowMs = madeMs + laterMs;
      if (laterMs >= after) continue;
      assert.equal(await take(other, 'key.proof', after, madeMs), false, `after ${laterMs} ms`);
      // Nor at one that was started since.
      assert.equal(await take(replica(), 'key.proof', after, madeMs), false, `after ${laterMs} ms, started anew`);
    }
  });
}
