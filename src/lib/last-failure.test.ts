import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastFailure } from './last-failure.ts';

test('nothing failed – no reason, and none within any time', () => {
  const last = new LastFailure();
  assert.deepEqual([last.reason, last.wasWithin(Number.POSITIVE_INFINITY, 0), last.clear()], [undefined, false, false]);
});

test('failures in a row – the first is told of, the last is kept; so after it worked', () => {
  const last = new LastFailure();
  assert.deepEqual([last.note('one', 0), last.note('two', 1), last.reason], [true, false, 'two']);
  assert.deepEqual([last.clear(), last.clear(), last.reason], [true, false, undefined]);
  assert.equal(last.note('three', 2), true);
});

for (const [nowMs, isWithin] of [
  [1_000, true],
  [1_499, true],
  [1_500, false],
  [999, false],
] as const) {
  test(`a failure at 1000, asked at ${nowMs} – ${isWithin ? '' : 'not '}within 500 ms`, () => {
    const last = new LastFailure();
    last.note('why', 1_000);
    assert.equal(last.wasWithin(500, nowMs), isWithin);
  });
}
