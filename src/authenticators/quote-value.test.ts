import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoteValue } from './quote-value.ts';

const rows: readonly (readonly [name: string, value: unknown, quoted: string])[] = [
  ['nothing', undefined, 'missing'],
  ['null', null, 'null'],
  ['a text', 'a"b\n', '"a\\"b\\n"'],
  ['a number', 42, '42'],
  ['a list of texts', ['a', 'b'], '["a","b"]'],
  ['a list in a list', [['a']], 'a list of lists or objects'],
  ['an object', { a: 1 }, 'an object'],
  ['eleven items', Array.from({ length: 11 }, () => 1), '[1,1,1,1,1,1,1,1,1,1,…]'],
  ['a long text', 'a'.repeat(5000), `"${'a'.repeat(300)}"`],
];
for (const [name, value, quoted] of rows) {
  test(`quoteValue – ${name} – short and on one line`, () => assert.equal(quoteValue(value), quoted));
}

test('quoteValue – lists 100 000 deep – named, not written out', () => {
  let value: unknown = [];
  for (let depth = 0; depth < 100_000; depth += 1) value = [value];
  assert.equal(quoteValue(value), 'a list of lists or objects');
});
