import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJwtParts } from './jwt-parts.ts';

const encode = (text: string) => Buffer.from(text).toString('base64url');

test('parseJwtParts – header and payload – are what they stand for', () => {
  const { header, claims } = parseJwtParts(`${encode('{"alg":"RS256"}')}.${encode('{"sub":"alice"}')}.AAAA`);
  assert.deepEqual([header, claims], [{ alg: 'RS256' }, { sub: 'alice' }]);
});

for (const [name, token, reason] of [
  ['an opaque token', 'opaque', /no dots/],
  ['an encrypted one', 'a.b.c.d.e', /encrypted \(JWE\)/],
  [
    'a header that begins with a byte order mark',
    `${encode('\ufeff{}')}.${encode('{}')}.AAAA`,
    /its header is not JSON/,
  ],
  ['a payload that is a list', `${encode('{}')}.${encode('[]')}.AAAA`, /its payload is not a JSON object/],
  ['a header with padding', `${encode('{}')}=.${encode('{}')}.AAAA`, /its header is not base64url/],
] as const) {
  test(`parseJwtParts – ${name} – refused`, () => {
    assert.throws(() => parseJwtParts(token), { name: 'SyntaxError', message: reason });
  });
}
