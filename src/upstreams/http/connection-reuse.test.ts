import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionReuse } from './connection-reuse.ts';

function startAt(nowMs = 0) {
  const clock = { nowMs };
  const changes: boolean[] = [];
  const reuse = new ConnectionReuse(
    () => clock.nowMs,
    (isAllowed) => changes.push(isAllowed),
  );
  /** Answers with these pauses, each on the connection it may have. */
  const answer = (...pausesMs: number[]) => {
    for (const pauseMs of pausesMs) reuse.note(pauseMs, reuse.isAllowed());
  };
  return { clock, changes, reuse, answer };
}

const quick = Array.from({ length: 8 }, () => 0.1);

test('answers without a pause – connections are used again', () => {
  const { reuse, answer } = startAt();
  answer(...quick, 0, 5, 20, 200, 3000, ...quick);
  assert.equal(reuse.isAllowed(), true);
});

test('every other answer stalls – each call gets a connection of its own, said once it is known to help', () => {
  const { reuse, answer, changes } = startAt();
  answer(44, 0.1, 43, 0.1, 44, 0.1, 42);
  assert.equal(reuse.isAllowed(), false);
  assert.deepEqual(changes, []);
  answer(...quick);
  assert.equal(reuse.isAllowed(), false);
  assert.deepEqual(changes, [false]);
});

test('a stall now and then – connections are used again', () => {
  const { reuse, answer } = startAt();
  for (let round = 0; round < 20; round += 1) answer(44, ...quick);
  assert.equal(reuse.isAllowed(), true);
});

test('answers that pause on new connections as well – connections are used again, and stay so', () => {
  const { reuse, answer, changes } = startAt();
  answer(44, 44, 44);
  assert.equal(reuse.isAllowed(), false);
  answer(44, 44);
  assert.equal(reuse.isAllowed(), true);
  answer(44, 44, 44, 44, 44);
  assert.equal(reuse.isAllowed(), true);
  assert.deepEqual(changes, []);
});

test('a verdict – is looked at again after ten minutes', () => {
  const { reuse, answer, clock, changes } = startAt();
  answer(44, 44, 44, ...quick);
  clock.nowMs = 599_999;
  assert.equal(reuse.isAllowed(), false);
  clock.nowMs = 600_000;
  assert.equal(reuse.isAllowed(), true);
  assert.deepEqual(changes, [false, true]);
});

test('an answer of a call that was sent before the trial began – does not count in it', () => {
  const { reuse, answer } = startAt();
  answer(44, 44, 44);
  for (let late = 0; late < 16; late += 1) reuse.note(44, true);
  answer(...quick);
  assert.equal(reuse.isAllowed(), false);
});
