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

test('a line without an end – longer than the limit – comes in pieces that end behind words, all of it', async () => {
  const chunks = ['one two th', 'ree four, ', 'five\nx\n'];
  for (const parts of [chunks, [chunks.join('')], chunks.join('').split('')]) {
    const found = await linesOf(parts);
    assert.deepEqual(found, ['one two ', 'three four', ', five', 'x']);
  }
});

const left = '(the rest of the line has a word that is too long, and was left out)';

test('a word without an end – is left out with the rest of its line, and what stands around it is not', async () => {
  for (const parts of [['a 0123456789', '0123456789', '01 b\nx\n'], 'a 012345678901234567890 b\nx\n'.split('')])
    assert.deepEqual(await linesOf(parts), ['a ', left, 'x']);
  assert.deepEqual(await linesOf(['0123456789012345', '6789\nx\n', 'y 0123456789012345']), [left, 'x', 'y ', left]);
});

test('a million characters of what says that a token comes – as quick as any, and no token is cut from it', async () => {
  const startedAtMs = performance.now();
  for (let before = 0; before < 7; before += 1) {
    const text = `${'z'.repeat(before)} ${'Bearer '.repeat(150_000)}opaque.token and\n`;
    const found = await linesOf([text], 8192);
    assert.ok(found.every((line) => !line.includes('opaque.token') || line.includes('Bearer opaque.token')));
  }
  assert.ok(performance.now() - startedAtMs < 10_000);
});

test('a token at the end of a piece – is never cut, nor from the word that says what it is', async () => {
  const token = 'opaque.token-of/somebody=';
  for (let before = 0; before < 120; before += 1) {
    const text = `${'x '.repeat(before / 2)}${before % 2 === 0 ? '' : 'y'} "authorization":"Bearer ${token}", and more ${'z '.repeat(60)}`;
    const found = await linesOf([text, '\n'], 100);
    assert.ok(
      found.some((line) => line.includes(`Bearer ${token}`)),
      `${before}: ${found.join('|')}`,
    );
    assert.equal(found.join(''), text);
  }
});
