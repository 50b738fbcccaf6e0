import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsherError } from '../../model/usher-error.ts';
import { buildReplayMemory } from './replay-memory.ts';

const tooMany = (error: unknown) => error instanceof UsherError && error.code === 'dpop_proofs_too_many';

test('replay memory – a proof – is new once, and again when its time is over', () => {
  let nowMs = 1_000;
  const memory = buildReplayMemory({ now: () => nowMs });
  assert.deepEqual([memory.isNew('key.a', 2_000), memory.isNew('key.b', 2_000)], [true, true]);
  assert.equal(memory.isNew('key.a', 2_000), false);
  nowMs = 1_999;
  assert.equal(memory.isNew('key.a', 2_000), false);
  nowMs = 2_000;
  assert.equal(memory.isNew('key.a', 3_000), true);
});

test('replay memory – a proof that came before one with less time – is kept for all of its own', () => {
  let nowMs = 0;
  const memory = buildReplayMemory({ now: () => nowMs });
  memory.isNew('key.long', 5_000);
  memory.isNew('key.short', 1_000);
  nowMs = 4_999;
  assert.equal(memory.isNew('key.long', 9_000), false);
});

test('replay memory – full – takes no more and forgets nothing, until there is room by time', () => {
  let nowMs = 0;
  const memory = buildReplayMemory({ now: () => nowMs, most: 10 });
  for (let index = 0; index < 10; index += 1) memory.isNew(`key${index}.a`, 1_000);
  assert.throws(() => memory.isNew('other.a', 1_000), tooMany);
  assert.equal(memory.isNew('key0.a', 1_000), false);
  nowMs = 1_000;
  assert.equal(memory.isNew('other.a', 2_000), true);
});

test('replay memory – one key that uses up its tenth – is refused, others are not', () => {
  const memory = buildReplayMemory({ now: () => 0, most: 20 });
  assert.deepEqual([memory.isNew('busy.a', 1), memory.isNew('busy.b', 1)], [true, true]);
  assert.throws(() => memory.isNew('busy.c', 1), tooMany);
  assert.equal(memory.isNew('other.a', 1), true);
});
