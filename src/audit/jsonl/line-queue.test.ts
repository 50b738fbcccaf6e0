import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineQueue } from './line-queue.ts';

function queueOf(...texts: readonly string[]): LineQueue {
  const queue = new LineQueue();
  for (const text of texts) queue.push(text, text.split('\n').length - 1);
  return queue;
}

/** All that would be written from here on. */
function drain(queue: LineQueue): string {
  let text = '';
  for (let bytes = queue.peek(); bytes !== undefined; bytes = queue.peek()) {
    text += bytes.toString();
    queue.advance(bytes.length);
  }
  return text;
}

test('LineQueue – written in pieces – goes on where it stopped', () => {
  const queue = queueOf('one\ntwo\n', 'three\n');
  queue.advance(6);
  assert.equal(queue.lines, 2);
  assert.equal(drain(queue), 'o\nthree\n');
  assert.deepEqual([queue.lines, queue.byteLength], [0, 0]);
});

test('LineQueue – rewound within a line – that line comes whole, those before it not again', () => {
  for (const [written, rest] of [
    [0, 'one\ntwo\n'],
    [2, 'one\ntwo\n'],
    [4, 'two\n'],
    [6, 'two\n'],
  ] as const) {
    const queue = queueOf('one\ntwo\n');
    queue.advance(written);
    queue.rewind();
    assert.equal(drain(queue), rest);
  }
});

test('LineQueue – the oldest dropped – counted, but never one that is written in part or being written', () => {
  const queue = queueOf('one\ntwo\n', 'three\n', 'four\n');
  assert.equal(queue.dropOldest(false), 2);
  assert.equal(queue.dropOldest(true), 1);
  queue.advance(2);
  assert.equal(queue.dropOldest(false), 0);
  assert.equal(drain(queue), 'ree\n');
});
