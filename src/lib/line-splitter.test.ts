import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter } from './line-splitter.ts';

function split(longest: number, ...chunks: (string | Buffer)[]) {
  const lines: string[] = [];
  let tooLong = 0;
  const splitter = new LineSplitter({ longest, onLine: (line) => lines.push(line), onTooLong: () => (tooLong += 1) });
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  return { lines, tooLong };
}

test('lines in pieces, and several in one – each whole, without its end', () => {
  assert.deepEqual(split(100, 'on', 'e\ntwo\r\n\nthr', 'ee\nrest').lines, ['one', 'two', '', 'three']);
});

test('a character that comes in two pieces – is one again', () => {
  const bytes = Buffer.from('Česko\n');
  assert.deepEqual(split(100, bytes.subarray(0, 1), bytes.subarray(1)).lines, ['Česko']);
});

test('a line that is too long – left out, said once, and the next one is whole', () => {
  assert.deepEqual(split(5, '12345\n123', '456', '789\nnext\n'), { lines: ['12345', 'next'], tooLong: 1 });
});
