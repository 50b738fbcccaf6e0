import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../model/store.ts';
import { buildSpent, buildSpentMemory } from './spent.ts';

/** A store that is a round trip away. */
function startStore(): Store {
  const kept = new Map<string, string>();
  const away = async <T>(answer: () => T) => {
    await sleep(20);
    return answer();
  };
  const store: Store = {
    get: (key) => away(() => kept.get(key)),
    set: (key, value) => away(() => void kept.set(key, value)),
    setIfAbsent: (key, value) => away(() => !kept.has(key) && kept.set(key, value) === kept),
    delete: (key) => away(() => void kept.delete(key)),
    extend: () => Promise.resolve(undefined),
    secretFor: () => Buffer.alloc(32),
  };
  return store;
}

test('what was used – a flood of consents that were answered – is still known of tokens and codes', async () => {
  const spent = buildSpent(buildSpentMemory(), undefined, Date.now);
  assert.equal(await spent.take('refresh', 'a', 60_000), true);
  assert.equal(await spent.take('code', 'a', 60_000), true);
  for (let index = 0; index < 100_001; index += 1) await spent.take('consent', String(index), 60_000);
  assert.deepEqual([await spent.take('refresh', 'a', 60_000), await spent.take('code', 'a', 60_000)], [false, false]);
});

test('what was used – and given back – may be used again', async () => {
  const spent = buildSpent(buildSpentMemory(), undefined, Date.now);
  assert.equal(await spent.take('refresh', 'a', 60_000), true);
  await spent.giveBack('refresh', 'a');
  assert.equal(await spent.take('refresh', 'a', 60_000), true);
});

test('what another replica used and gave back – may be used here, though it was tried here meanwhile', async () => {
  const store = startStore();
  const [one, other] = [1, 2].map(() => buildSpent(buildSpentMemory(), store, Date.now));
  assert.ok(one && other);
  assert.equal(await one.take('refresh', 'a', 60_000), true);
  assert.equal(await other.take('refresh', 'a', 60_000), false);
  await one.giveBack('refresh', 'a');
  assert.equal(await other.take('refresh', 'a', 60_000), true);
});

test('what two use at the same moment, also at two replicas – is known to have been used just now, to whoever comes second', async () => {
  const store = startStore();
  const clock = { nowMs: 1_000_000 };
  const now = () => clock.nowMs;
  const [one, other] = [buildSpent(buildSpentMemory(now), store, now), buildSpent(buildSpentMemory(now), store, now)];
  const uses = [one, one, other].map(async (spent) => ({
    isFirst: await spent.take('refresh', 'a', 60_000),
    atMs: await spent.takenAtMs('refresh', 'a'),
  }));
  const found = await Promise.all(uses);
  assert.equal(found.filter(({ isFirst }) => isFirst).length, 1);
  assert.deepEqual(
    found.map(({ atMs }) => atMs),
    [1_000_000, 1_000_000, 1_000_000],
  );
  clock.nowMs += 30_000;
  const late = buildSpent(buildSpentMemory(now), store, now);
  assert.equal(await late.take('refresh', 'a', 60_000), false);
  assert.equal(await late.takenAtMs('refresh', 'a'), 1_000_000);
});
