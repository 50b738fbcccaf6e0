import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../model/secret.ts';
import { sameSettings } from './same-settings.ts';

const cases = [
  ['two secrets that hold the same', new Secret('a'), new Secret('a'), true],
  ['two secrets that hold something else', { s: new Secret('a') }, { s: new Secret('b') }, false],
  ['a secret and its mask', new Secret('a'), '[secret]', false],
  ['keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ['a key more', { a: 1 }, { a: 1, b: undefined }, false],
  ['a key with another name', { a: undefined }, { b: undefined }, false],
  ['items in another order', ['a', 'b'], ['b', 'a'], false],
  ['a list and its beginning', ['a', 'b'], ['a'], false],
  ['a list and a group', ['a'], { 0: 'a' }, false],
  ['something and nothing', { a: {} }, { a: undefined }, false],
  ['deep inside', { a: [{ b: ['c'] }] }, { a: [{ b: ['d'] }] }, false],
] as const;

for (const [what, one, other, expected] of cases) {
  test(`sameSettings – ${what} – ${expected}`, () => {
    assert.equal(sameSettings(one, other), expected);
    assert.equal(sameSettings(other, one), expected);
  });
}
