import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LRUCache } from 'lru-cache';
import { dropEnded } from './drop-ended.ts';

function cacheOf(endings: Readonly<Record<string, number>>): LRUCache<string, number> {
  const cache = new LRUCache<string, number>({ max: 1_000 });
  for (const [key, endsAt] of Object.entries(endings)) cache.set(key, endsAt);
  return cache;
}

test('entries that have ended – those used longest ago are dropped, up to the first that has not', () => {
  const cache = cacheOf({ a: 1, b: 2, c: 9, d: 1, e: 9 });
  dropEnded(cache, (endsAt) => endsAt <= 2);
  assert.deepEqual([...cache.keys()].toSorted(), ['c', 'd', 'e']);
});

test('an entry that was used – waits its turn among the newer ones', () => {
  const cache = cacheOf({ a: 1, b: 2, c: 9 });
  cache.get('a');
  dropEnded(cache, (endsAt) => endsAt <= 2);
  assert.deepEqual([...cache.keys()].toSorted(), ['a', 'c']);
});

test('all have ended – none is left, and the cache goes on', () => {
  const cache = cacheOf({ a: 1, b: 1, c: 1 });
  dropEnded(cache, () => true);
  assert.equal(cache.size, 0);
  cache.set('d', 1);
  assert.equal(cache.get('d'), 1);
});

test('very many have ended – a hundred at a time', () => {
  const cache = cacheOf(Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`key ${index}`, 0])));
  dropEnded(cache, () => true);
  assert.equal(cache.size, 150);
});
