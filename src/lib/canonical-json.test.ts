import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';

test('canonicalJson – the same value in another order – is the same text', () => {
  const text = '{"a":[{"b":null,"c":"é"},2],"b":true}';
  assert.equal(canonicalJson({ b: true, a: [{ c: 'é', b: null }, 2] }), text);
  assert.equal(canonicalJson(JSON.parse(text)), text);
});

test('canonicalJson – keys – go by their UTF-16 code units', () => {
  assert.equal(canonicalJson({ '\u20ac': 1, '\r': 2, '\ud83d\ude00': 3, '1': 4 }), '{"\\r":2,"1":4,"€":1,"😀":3}');
});

test('canonicalJson – a list in another order – is another text', () => {
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
});
