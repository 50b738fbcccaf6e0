import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { forEachLine } from './for-each-line.ts';

async function linesOf(chunks: readonly string[], longest = 10): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  forEachLine(stream, longest, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, 'end');
  return lines;
}

test('lines – cut anywhere on their way – come whole', async () => {
  assert.deepEqual(await linesOf(['on', 'e\r\ntwo\n\nth', 'ree']), ['one', 'two', '', 'three']);
});

test('a line without an end – longer than the limit – comes in pieces, all of it', async () => {
  assert.deepEqual(await linesOf(['0123456789', '0123456789', '01\nx\n']), ['0123456789', '0123456789', '01', 'x']);
});
