import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from './slots.ts';

test('Slots – all are taken – the next wait in line, and get them in the order they came', async () => {
  const slots = new Slots({ most: 1, mostWaiting: 2 });
  await slots.take()?.taken;
  const order: string[] = [];
  const first = slots.take()?.taken.then(() => order.push('first'));
  const second = slots.take()?.taken.then(() => order.push('second'));
  slots.release();
  await first;
  slots.release();
  await second;
  assert.deepEqual(order, ['first', 'second']);
});

test('Slots – the line is full – no place; when all is released there is one again', async () => {
  const slots = new Slots({ most: 1, mostWaiting: 1 });
  const [first, second] = [slots.take(), slots.take()];
  assert.equal(slots.take(), undefined);
  await first?.taken;
  slots.release();
  await second?.taken;
  slots.release();
  assert.equal(slots.take()?.isWaiting, false);
});

test('Slots – one gives up – its place in line is free at once, and it gets no slot', async () => {
  const slots = new Slots({ most: 1, mostWaiting: 1 });
  await slots.take()?.taken;
  const leaver = slots.take();
  leaver?.giveUp(new Error('gone'));
  await assert.rejects(leaver?.taken ?? Promise.resolve(), /gone/);
  const stayed = slots.take();
  assert.equal(stayed?.isWaiting, true);
  slots.release();
  await stayed?.taken;
});

test('Slots – giving up a slot that is taken – without effect', async () => {
  const slots = new Slots({ most: 1, mostWaiting: 1 });
  const place = slots.take();
  place?.giveUp(new Error('gone'));
  await place?.taken;
  assert.equal(slots.take()?.isWaiting, true);
});
