import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileNames } from './compile-names.ts';

for (const [pattern, name, expected] of [
  ['GetCountry', 'GetCountry', true],
  ['GetCountry', 'getcountry', false],
  ['GetCountry', 'GetCountry2', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['Get*', 'Get', true],
  ['Get*', 'ForGet', false],
  ['*Country', 'GetCountry', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'axxbxxc', true],
  ['a*b*c', 'acb', false],
  ['a*bc*c', 'abcc', true],
  ['a*bc*c', 'abc', false],
  ['G.t', 'Get', false],
  ['a**b', 'ab', true],
] as const) {
  test(`compileNames – ${pattern} for ${JSON.stringify(name)} – ${expected}`, () => {
    assert.equal(compileNames([pattern])(name), expected);
  });
}

test('compileNames – a pattern of many stars and a long name – decided at once', () => {
  const fits = compileNames([`${'a*'.repeat(100)}b`]);
  const startedAtMs = performance.now();
  assert.equal(fits('a'.repeat(100_000)), false);
  assert.ok(performance.now() - startedAtMs < 1000);
});
