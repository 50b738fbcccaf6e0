import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff } from './back-off.ts';

const times = { firstMs: 500, longestMs: 30_000 };

test('attempts that fail – wait twice as long each time, up to the limit', () => {
  const backOff = new BackOff(times, () => 0);
  const waits = Array.from({ length: 9 }, () => backOff.nextMs());
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('a thousand attempts that fail – the limit still holds', () => {
  const backOff = new BackOff(times, () => 0);
  for (let attempt = 0; attempt < 2000; attempt += 1) assert.ok(backOff.nextMs() <= 30_000);
});

test('chance – shortens a wait by up to a fifth', () => {
  assert.equal(new BackOff(times, () => 0.999_999).nextMs().toFixed(0), '400');
});

test('a reset – the next failure waits as the first did', () => {
  const backOff = new BackOff(times, () => 0);
  for (const _ of [1, 2, 3]) backOff.nextMs();
  backOff.reset();
  assert.equal(backOff.nextMs(), 500);
  assert.equal(backOff.attempts, 1);
});
