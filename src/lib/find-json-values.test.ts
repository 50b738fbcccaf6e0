import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findJsonValues, replaceSpans, splitJsonList } from './find-json-values.ts';

function find(text: string, ...paths: string[][]): (string | undefined)[] {
  return findJsonValues(text, paths).map((span) => (span === undefined ? undefined : text.slice(span.from, span.to)));
}

const cases: readonly (readonly [what: string, text: string, path: string[], found: string | undefined])[] = [
  ['a number', '{"a":[{"id":2}],"id": 12 ,"b":1}', ['id'], '12'],
  ['a text with quotes, braces and backslashes', '{"id":"a\\"}\\\\","x":{}}', ['id'], '"a\\"}\\\\"'],
  ['a value within others', '{"params":{"_meta":{"n/a":1,"t":{"x":[1,2]}}}}', ['params', '_meta', 't'], '{"x":[1,2]}'],
  ['the last of two', '{"id":1,"id":2}', ['id'], '2'],
  ['nothing, where the last of two has it not', '{"p":{"t":1},"p":{}}', ['p', 't'], undefined],
  ['a key that is written with escapes', '{"\\u0069d":7}', ['id'], '7'],
  ['nothing in a list', '[{"id":1}]', ['id'], undefined],
  ['nothing where a group is expected', '{"params":[1,{"t":2}]}', ['params', 't'], undefined],
  ['space of all kinds', '{ \t"id"\r\n:\t[ ]\n}', ['id'], '[ ]'],
];

for (const [what, text, path, found] of cases) {
  test(`${path.join('.')} of ${text} – ${what}`, () => assert.deepEqual(find(text, path), [found]));
}

test('several values – replaced where they stand, everything else as it was', () => {
  const text = '{"big":12345678901234567890.10,"id":1, "params":{"_meta":{"progressToken":"t"}}}';
  const [id, token] = findJsonValues(text, [['id'], ['params', '_meta', 'progressToken']]);
  const replaced = replaceSpans(text, [
    { span: token, by: '9' },
    { span: undefined, by: 'never' },
    { span: id, by: '"x"' },
  ]);
  assert.equal(replaced, '{"big":12345678901234567890.10,"id":"x", "params":{"_meta":{"progressToken":9}}}');
});

test('a list – its values as they are written, however deep', () => {
  assert.deepEqual(splitJsonList(' [ {"a":[1,"],"]} , 1.50,"x\\"]" ,[[]],null\t]'), [
    '{"a":[1,"],"]}',
    '1.50',
    '"x\\"]"',
    '[[]]',
    'null',
  ]);
  assert.deepEqual(splitJsonList('[]'), []);
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.deepEqual(splitJsonList(`[${deep}]`), [deep]);
});
