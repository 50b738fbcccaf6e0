import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SingleFlight } from './single-flight.ts';

/** Work that ends when the test says so, or is given up. */
function buildWork({ mayBeGivenUp }: { readonly mayBeGivenUp: boolean }) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const flights = new SingleFlight<string>();
  let begun = 0;
  const run = (signal?: AbortSignal) =>
    flights.run(
      'key',
      (flight) => {
        begun += 1;
        if (begun > 1) return Promise.resolve('the second');
        if (mayBeGivenUp) flight.giveUp = () => reject(new Error('nobody waits'));
        return promise;
      },
      signal,
    );
  return { flights, run, resolve, begun: () => begun };
}

test('SingleFlight – the last one who waited leaves work that may be given up – given up, the next one begins anew', async () => {
  const work = buildWork({ mayBeGivenUp: true });
  const [first, second] = [new AbortController(), new AbortController()];
  const waiting = [work.run(first.signal), work.run(second.signal)];
  const ended = Promise.allSettled(waiting);
  first.abort();
  assert.ok(work.flights.has('key'), 'somebody still waits');
  second.abort();
  assert.ok(!work.flights.has('key'));
  assert.equal(await work.run(), 'the second');
  assert.deepEqual(
    (await ended).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

test('SingleFlight – all leave work that has begun – it goes on, and the next one shares it', async () => {
  const work = buildWork({ mayBeGivenUp: false });
  const leaver = new AbortController();
  const left = work.run(leaver.signal);
  leaver.abort(new Error('gone'));
  await assert.rejects(left, /gone/);
  const stayed = work.run();
  work.resolve('the first');
  assert.equal(await stayed, 'the first');
  assert.equal(work.begun(), 1);
});

test('SingleFlight – one who waits without a signal – the work is never given up', async () => {
  const work = buildWork({ mayBeGivenUp: true });
  const leaver = new AbortController();
  const [stayed, left] = [work.run(), work.run(leaver.signal)];
  leaver.abort(new Error('gone'));
  await assert.rejects(left, /gone/);
  work.resolve('the first');
  assert.equal(await stayed, 'the first');
});

test('SingleFlight – one who is gone already – begins nothing', async () => {
  const work = buildWork({ mayBeGivenUp: false });
  await assert.rejects(work.run(AbortSignal.abort(new Error('gone'))), /gone/);
  assert.equal(work.begun(), 0);
});
