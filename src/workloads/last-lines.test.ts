import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastLines } from './last-lines.ts';

test('many lines – the last five are kept', () => {
  const lines = new LastLines();
  for (let line = 1; line <= 7; line += 1) lines.take(String(line));
  assert.deepEqual(lines.all(), ['3', '4', '5', '6', '7']);
});

test('a line without an end – shortened', () => {
  const lines = new LastLines();
  lines.take('x'.repeat(8192));
  assert.equal(lines.all()[0]?.length, 501);
});
