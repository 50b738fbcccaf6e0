import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentEnds } from './recent-ends.ts';

test('RecentEnds – ends of before ten minutes – count in all, and are not recent', () => {
  let now = 0;
  const ends = new RecentEnds(() => now);
  assert.deepEqual([ends.count, ends.recent, ends.last], [0, 0, undefined]);
  ends.note('first');
  now = 599_999;
  ends.note('second');
  assert.deepEqual([ends.count, ends.recent, ends.last?.reason], [2, 2, 'second']);
  now = 600_001;
  assert.deepEqual([ends.count, ends.recent, ends.last?.reason], [2, 1, 'second']);
});
