import assert from 'node:assert/strict';
import { parseJwtParts, type JwtParts } from '../../../src/lib/jwt-parts.ts';
import { isObject, parseJson, type Target } from '../target.ts';

/** Three base64url parts with two JSON objects, or a SyntaxError that quotes nothing of it. */
export function check(token: string): JwtParts | undefined {
  let parts: JwtParts;
  try {
    parts = parseJwtParts(token);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    assert.match(error.message, /^it[ s][a-z0-9 :,()A-Z-]{5,90}$/);
    return undefined;
  }
  assert.ok(isObject(parts.header) && isObject(parts.claims));
  const [header = '', claims = '', ...rest] = token.split('.');
  assert.equal(rest.length, 1);
  for (const [part, value] of [
    [header, parts.header],
    [claims, parts.claims],
  ] as const) {
    assert.match(part, /^[A-Za-z0-9_-]+$/);
    assert.deepEqual(value, JSON.parse(Buffer.from(part, 'base64url').toString()));
  }
  return parts;
}

/** Raw text, or a list of texts that become the parts. */
export const target: Target = {
  seeds: [
    'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.AAAA',
    '["{\\"alg\\":\\"RS256\\"}","{\\"sub\\":\\"alice\\",\\"aud\\":[\\"a\\"]}","sig"]',
    '["\\ufeff{}","{}",""]',
    '["{}","[]",""]',
    '["a","b","c","d","e"]',
    'opaque',
  ],
  fuzz(bytes) {
    check(bytes.toString('latin1'));
    const parts = parseJson(bytes);
    if (Array.isArray(parts))
      check(
        parts
          .map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'))
          .join('.'),
      );
  },
};
