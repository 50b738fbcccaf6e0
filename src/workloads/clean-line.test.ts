import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanLine } from './clean-line.ts';

const cases = [
  ['a JWT', 'got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl, ok', 'got (token removed), ok'],
  [
    'encrypted ones',
    'eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVydGV4dA.dGFn eyJhbGciOiJSU0EifQ.a.b.c.d',
    '(token removed) (token removed)',
  ],
  ['an opaque bearer token', '{"authorization":"Bearer s3cr3t-0paque"}', '{"authorization":"Bearer (removed)"}'],
  ['control sequences', '\u001b[31mred\u001b[2J and \u0007bell', 'red and  bell'],
  ['nothing to hide', 'Bearer of good news: basic set-up done', 'Bearer of good news: basic set-up done'],
] as const;

for (const [what, line, expected] of cases) {
  test(`a line with ${what} – cleaned for the log – ${expected}`, () => assert.equal(cleanLine(line), expected));
}

for (const piece of ['eyJ-', 'eyJaaaaa-', 'Bearer ', 'eyJaaaaa.', '\u001b]0;']) {
  test(`a line of 200 000 characters of ${JSON.stringify(piece)} – as quick as any`, () => {
    const startedAtMs = performance.now();
    cleanLine(piece.repeat(200_000 / piece.length));
    assert.ok(performance.now() - startedAtMs < 5_000);
  });
}
