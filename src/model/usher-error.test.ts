import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail } from './usher-error.ts';

const evil = 'it says\r\nforged\u001b[2J\u2028\u202eso\u2066';

test('a refusal that quotes somebody – is on one line, moves no cursor and turns nothing around', () => {
  const refusal = fail('issuer_mismatch', { found: evil, expected: evil });
  for (const text of [refusal.message, refusal.hint, JSON.stringify(refusal.shownDetails)]) {
    assert.doesNotMatch(text, /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
    assert.doesNotMatch(text, /\\u/);
  }
  assert.match(refusal.message + refusal.hint, /it says {2}forged/);
});
