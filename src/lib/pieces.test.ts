import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pieces } from './pieces.ts';

test('pieces – taken as one, in order, and only once', () => {
  const pieces = new Pieces();
  for (const text of ['a', '', 'bc']) pieces.add(Buffer.from(text));
  assert.equal(pieces.size, 3);
  assert.equal(pieces.take().toString(), 'abc');
  assert.equal(pieces.size, 0);
  assert.equal(pieces.take().length, 0);
});

test('one piece – taken as it is, without a copy', () => {
  const pieces = new Pieces();
  const only = Buffer.from('abc');
  pieces.add(only);
  assert.equal(pieces.take(), only);
});

test('a million pieces of a byte – take no more than some times their bytes', () => {
  const pieces = new Pieces();
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  for (let at = 0; at < 1_000_000; at += 1) pieces.add(Buffer.alloc(1, at % 256));
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  assert.ok(arrayBuffers + heapUsed - before < 50_000_000, `${arrayBuffers + heapUsed - before} bytes`);
  const whole = pieces.take();
  assert.equal(whole.length, 1_000_000);
  assert.equal(whole[999_999], 999_999 % 256);
});
