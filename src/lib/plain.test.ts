import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain } from './plain.ts';

const rows: readonly (readonly [what: string, text: string, expected: string])[] = [
  ['letters of any alphabet', 'Česko 日本 🙂', 'Česko 日本 🙂'],
  ['colours', '\u001b[31;1mred\u001b[0m', 'red'],
  ['colours by the one-character form', '\u009b31mred', 'red'],
  ['a cleared screen', 'a\u001b[2J\u001b[Hb', 'ab'],
  ['a title, ended by a bell', '\u001b]0;title\u0007text', 'text'],
  ['a link, ended by its terminator', '\u001b]8;;https://evil.example\u001b\\text\u001b]8;;\u001b\\', 'text'],
  ['a reset, and another character set', 'a\u001bcb\u001b(Bc', 'abc'],
  ['sequences that do not end', '\u001b[31\u001b]0;x', '310;x'],
  ['lines', 'a\r\nb\u0085c\u2028d\u2029e\tf', 'a  b c d e f'],
  ['another direction of writing', 'a\u202eb\u2066c', 'a b c'],
];
for (const [what, text, expected] of rows) {
  test(`plain – ${what} – ${JSON.stringify(expected)}`, () => {
    const found = plain(text);
    assert.doesNotMatch(found, /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
    assert.equal(found, expected);
  });
}

for (const piece of [
  '\u001b]0;',
  '\u001b]a',
  '\u009d',
  '\u001b[',
  '\u001b[;',
  '\u001b',
  '\u001b(',
  '\u009b1;',
  '\u001b]8;;a',
]) {
  test(`plain – a million characters of ${JSON.stringify(piece)} – as quick as any`, () => {
    const startedAtMs = performance.now();
    plain(piece.repeat(1_000_000 / piece.length));
    assert.ok(performance.now() - startedAtMs < 5_000);
  });
}
