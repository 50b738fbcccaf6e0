import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsherError } from '../../model/usher-error.ts';
import { buildReplayMemory } from './replay-memory.ts';

const tooMany = (error: unknown) => error instanceof UsherError && error.code === 'dpop_proofs_too_many';

test('replay memory – a proof – is new once, and again when its time is over', () => {
  let nowMs = 1_000;
  const memory = buildReplayMemory({ now: () => nowMs });
  assert.deepEqual([memory.isNew('key.a', 2_000, 1_000), memory.isNew('key.b', 2_000, 1_000)], [true, true]);
  assert.equal(memory.isNew('key.a', 2_000, 1_000), false);
  nowMs = 1_999;
  assert.equal(memory.isNew('key.a', 2_000, 1_000), false);
  nowMs = 2_000;
  assert.equal(memory.isNew('key.a', 3_000, 1_000), true);
});

test('replay memory – a proof that came before one with less time – is kept for all of its own', () => {
  let nowMs = 0;
  const memory = buildReplayMemory({ now: () => nowMs });
  memory.isNew('key.long', 5_000, 1_000);
  memory.isNew('key.short', 1_000, 1_000);
  nowMs = 4_999;
  assert.equal(memory.isNew('key.long', 9_000, 1_000), false);
});

test('replay memory – full – takes no more and forgets nothing, until there is room by time', () => {
  let nowMs = 0;
  const memory = buildReplayMemory({ now: () => nowMs, most: 10 });
  for (let index = 0; index < 10; index += 1) memory.isNew(`key${index}.a`, 1_000, 1_000);
  assert.throws(() => memory.isNew('other.a', 1_000, 1_000), tooMany);
  assert.equal(memory.isNew('key0.a', 1_000, 1_000), false);
  nowMs = 1_000;
  assert.equal(memory.isNew('other.a', 2_000, 1_000), true);
});

test('replay memory – one key that uses up its tenth – is refused, others are not', () => {
  const memory = buildReplayMemory({ now: () => 0, most: 20 });
  assert.deepEqual([memory.isNew('busy.a', 1, 1_000), memory.isNew('busy.b', 1, 1_000)], [true, true]);
  assert.throws(() => memory.isNew('busy.c', 1, 1_000), tooMany);
  assert.equal(memory.isNew('other.a', 1, 1_000), true);
});

test('replay memory – proofs may be older from now on – one that is known stays known for as long', () => {
  let nowMs = 1_000_000;
  const memory = buildReplayMemory({ now: () => nowMs });
  const madeMs = nowMs - 1_000;
  const isNew = (key: string, lifeMs: number, atMs = madeMs) => memory.isNew(key, atMs + lifeMs, lifeMs);
  assert.equal(isNew('key.used', 60_000), true);
  nowMs += 1_000;
  // What a reload brings is known by the next proof.
  assert.equal(isNew('other.a', 300_000, nowMs), true);
  for (const laterMs of [1_000, 58_500, 100_000, 298_000]) {
    nowMs = madeMs + laterMs;
    assert.equal(isNew('key.used', 300_000), false, `after ${laterMs} ms`);
  }
});

test('replay memory – proofs may be younger, then older again – what may be forgotten is not new', () => {
  let nowMs = 1_000_000;
  const memory = buildReplayMemory({ now: () => nowMs });
  const madeMs = nowMs;
  const isNew = (key: string, lifeMs: number, atMs = madeMs) => memory.isNew(key, atMs + lifeMs, lifeMs);
  assert.equal(isNew('key.used', 60_000), true);
  assert.equal(isNew('key.a', 10_000, nowMs), true);
  nowMs += 61_000;
  assert.equal(isNew('key.b', 10_000, nowMs), true);
  assert.equal(isNew('key.used', 300_000), false);
  assert.equal(isNew('key.c', 300_000, nowMs), true);
});
