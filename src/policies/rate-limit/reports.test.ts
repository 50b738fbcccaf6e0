import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../model/store.ts';
import { seededRandom } from '../../../test/kit/seeded-random.ts';
import { type Bucket, buildBucket, findLackMs, take } from './bucket.ts';
import { Reports } from './reports.ts';

const rate = { intervalMs: 60_000, burst: 40 };
/** A tenth of the burst. */
const mostAhead = 4;

/** One clock, and a store that several share: it answers some turns later, or not at all. */
function startStore(random = () => 0) {
  const scene = { nowMs: 0, answers: true, extended: 0 };
  let fullAtMs = 0;
  const turns = async () => {
    for (let left = Math.floor(random() * 6); left > 0; left -= 1) await Promise.resolve();
  };
  const store: Store = {
    get: async () => undefined,
    set: async () => {},
    setIfAbsent: async () => undefined,
    delete: async () => {},
    secretFor: () => Buffer.alloc(32),
    async extend(_key, byMs) {
      scene.extended += 1;
      await turns();
      if (!scene.answers) return undefined;
      assert.ok(Number.isInteger(byMs) && byMs >= 0);
      fullAtMs = Math.max(fullAtMs, scene.nowMs) + byMs;
      const leftMs = fullAtMs - scene.nowMs;
      await turns();
      return leftMs;
    },
  };
  return {
    scene,
    replica: () => new Replica(store, scene),
    leftMs: () => fullAtMs - scene.nowMs,
    empty: () => (fullAtMs = 0),
  };
}

/** What a limit does with one bucket. */
class Replica {
  readonly bucket: Bucket = buildBucket('alice');
  readonly #scene: { readonly nowMs: number };
  readonly #reports: Reports;

  constructor(store: Store, scene: { readonly nowMs: number }) {
    this.#scene = scene;
    this.#reports = new Reports(store, { rate, now: () => scene.nowMs });
  }

  /** Is it let through? Without waiting where there is nothing to wait for. */
  call(): boolean | Promise<boolean> {
    if (findLackMs(this.bucket, 1, { nowMs: this.#scene.nowMs, rate }) > 0) return false;
    const wait = this.#reports.findWait(this.bucket, 1);
    if (wait !== undefined) return wait.then(() => this.call());
    take(this.bucket, 1, { nowMs: this.#scene.nowMs, rate });
    this.#reports.note(this.bucket, 1);
    return true;
  }

  async drain(): Promise<number> {
    let calls = 0;
    while (await this.call()) calls += 1;
    return calls;
  }
}

const count = (answers: readonly boolean[]) => answers.filter(Boolean).length;

describe('limits that replicas share', () => {
  for (const replicas of [1, 2, 5]) {
    test(`${replicas} of them, many calls at once, again and again – never more than a few too many, which are paid back`, async () => {
      for (let seed = 1; seed <= 40; seed += 1) {
        const seeded = seededRandom(seed);
        const random = () => seeded.next();
        const { scene, replica, leftMs } = startStore(random);
        const all = Array.from({ length: replicas }, replica);
        let passed = 0;
        for (let step = 0; step < 30; step += 1) {
          const some = all.filter(() => random() < 0.7);
          passed += count(await Promise.all(some.flatMap((one) => Array.from({ length: 60 }, async () => one.call()))));
          const allowed = rate.burst + scene.nowMs / rate.intervalMs + (replicas - 1) * mostAhead;
          assert.ok(passed <= allowed, `seed ${seed}, step ${step}: ${passed} of ${allowed}`);
          const untold = all.reduce((sum, { bucket }) => sum + bucket.unreported, 0);
          const used = Math.max(0, leftMs()) / rate.intervalMs + untold;
          assert.ok(used < rate.burst + (replicas - 1) * mostAhead + 0.01, `seed ${seed}, step ${step}: ${used}`);
          if (some.length > 0 && step === 0) assert.ok(passed >= rate.burst, 'nobody is refused too early');
          // For a moment, or until all is full again.
          scene.nowMs += random() < 0.1 ? rate.burst * rate.intervalMs * 2 : random() * 5 * rate.intervalMs;
          if (all.some(({ bucket }) => bucket.report !== undefined)) await sleep(1);
        }
      }
    });
  }

  test('few calls – go through without waiting, and several are told of at once', async () => {
    const { scene, replica } = startStore();
    const one = replica();
    for (let call = 0; call < 30; call += 1) {
      assert.equal(one.call(), true);
      await sleep(0);
    }
    assert.ok(scene.extended <= 15, String(scene.extended));
  });

  test('what was used here – is told of within a moment, without another call', async () => {
    const { replica, leftMs } = startStore();
    assert.equal(replica().call(), true);
    for (let waited = 0; leftMs() === 0 && waited < 200; waited += 1) await sleep(10);
    assert.equal(leftMs(), rate.intervalMs);
  });

  test('the store does not answer – nobody is refused or waits for it, and each has limits of its own', async () => {
    const { scene, replica } = startStore();
    scene.answers = false;
    const [one, other] = [replica(), replica()];
    assert.deepEqual([await one.drain(), await other.drain()], [rate.burst, rate.burst]);
    scene.nowMs += 3 * rate.intervalMs;
    for (let call = 0; call < 3; call += 1) assert.equal(one.call(), true, 'at once');
    assert.equal(one.call(), false);
  });

  test('the store answers again – it hears of what is still missing, and not of what is full again', async () => {
    const { scene, replica, leftMs } = startStore();
    scene.answers = false;
    const [one, rested, third] = [replica(), replica(), replica()];
    await rested.drain();
    scene.nowMs += rate.burst * rate.intervalMs;
    await one.drain();
    scene.answers = true;
    for (let waited = 0; leftMs() <= 0 && waited < 300; waited += 1) await sleep(10);
    await sleep(50);
    assert.equal(leftMs(), rate.burst * rate.intervalMs);
    assert.ok((await third.drain()) <= mostAhead);
  });

  test('a store that was emptied – gives nothing back', async () => {
    const { scene, replica, empty } = startStore();
    const one = replica();
    await one.drain();
    await one.bucket.report;
    scene.nowMs += 2 * rate.intervalMs;
    empty();
    assert.equal(await one.drain(), 2);
    await sleep(150);
    assert.equal(await one.drain(), 0, 'also when it has heard what the store knows');
  });
});
