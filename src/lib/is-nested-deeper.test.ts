import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNestedDeeper } from './is-nested-deeper.ts';

for (const [text, expected] of [
  ['{"a":[{"b":1}]}', false],
  ['{"a":[{"b":[]}]}', true],
  ['[[[1]],[[2]],[[3]]]', false],
  ['["[[[[","{\\"[[[[","\\\\"]', false],
  ['"[[[[', false],
] as const) {
  test(`isNestedDeeper – ${text} than 3 – ${expected}`, () => {
    assert.equal(isNestedDeeper(Buffer.from(text), 3), expected);
  });
}
