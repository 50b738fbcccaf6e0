import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from './parse-object.ts';

test('a JSON object – parsed; anything else – undefined', () => {
  assert.deepEqual(parseObject('{"a":[1]}'), { a: [1] });
  for (const text of ['', '{', '[]', 'null', '"a"', '1', 'undefined']) assert.equal(parseObject(text), undefined, text);
});
