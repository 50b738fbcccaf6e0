import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLackMs, take } from './bucket.ts';
import { Buckets } from './buckets.ts';

const rate = { intervalMs: 1_000, burst: 5 };

function startBuckets(most: number) {
  const scene = { nowMs: 0, full: 0 };
  const buckets = new Buckets({ most, onFull: () => (scene.full += 1) });
  /** Calls until one is refused. */
  const drain = (key: string): number => {
    for (let calls = 0; ; calls += 1) {
      const bucket = buckets.find(key, scene.nowMs);
      if (findLackMs(bucket, 1, { ...scene, rate }) > 0) return calls;
      take(bucket, 1, { ...scene, rate });
    }
  };
  return { scene, buckets, drain };
}

test('buckets at their bound – nobody gets more than the limit, and memory does not grow', () => {
  const { scene, buckets, drain } = startBuckets(1_000);
  for (let user = 0; user < 20_000; user += 1) assert.ok(drain(`user-${user}`) <= rate.burst);
  assert.equal(buckets.size, 1_000);
  assert.ok(scene.full > 0);
  for (const user of [0, 999, 1_000, 19_999]) assert.equal(drain(`user-${user}`), 0, `user-${user} is not forgotten`);
});

test('buckets that are full again – make room; who shared one takes along what was used', () => {
  const { scene, buckets, drain } = startBuckets(100);
  for (let user = 0; user < 100; user += 1) assert.equal(drain(`early-${user}`), 5);
  scene.nowMs = 3_000;
  assert.equal(drain('late'), 5, 'in a shared one');
  // The early ones are full again, the late one is not: three of five are back.
  scene.nowMs = 6_000;
  for (let user = 0; user < 50; user += 1) buckets.find(`new-${user}`, scene.nowMs);
  assert.ok(buckets.size <= 100);
  assert.equal(drain('late'), 3);
});

test('buckets – idle ones – go as others come', () => {
  const { scene, buckets, drain } = startBuckets(1_000_000);
  for (let user = 0; user < 10_000; user += 1) {
    scene.nowMs += 100;
    drain(`user-${user}`);
  }
  // Those of the last five seconds, and what is still to be looked at.
  assert.ok(buckets.size < 200, String(buckets.size));
});
