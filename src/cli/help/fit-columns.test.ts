import assert from 'node:assert/strict';
import { test } from 'node:test';
import { styleText } from 'node:util';
import { fitColumns } from './fit-columns.ts';

test('fitColumns – a line behind a label or a mark – goes on where its text began', () => {
  assert.equal(fitColumns('Cause  one two three', 15), 'Cause  one two\n       three');
  assert.equal(
    fitColumns('  ✘ exchange  refused: a long reason', 30),
    '  ✘ exchange  refused: a long\n              reason',
  );
  assert.equal(fitColumns('      seen here', 12), '      seen\n      here');
});

test('fitColumns – colours – take no room', () => {
  const mark = styleText('red', '✘', { validateStream: false });
  assert.equal(fitColumns(`${mark} one two three`, 9), `${mark} one two\n  three`);
});

test('fitColumns – a URL longer than the line – stays whole', () => {
  assert.equal(
    fitColumns('Fix  https://idp.example.com/token now', 20),
    'Fix  https://idp.example.com/token\n     now',
  );
});

test('fitColumns – a table, and no terminal – stays as it is', () => {
  const row = '  iss     https://a.example          https://b.example';
  assert.equal(fitColumns(row, 30), row);
  assert.equal(fitColumns('one two three', undefined), 'one two three');
});
