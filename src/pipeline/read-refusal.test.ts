import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../model/secret.ts';
import { readRefusal } from './read-refusal.ts';

const token = 'opaque-token-of-alice';
const credential = {
  header: { name: 'authorization', value: new Secret(`Bearer ${token}`) },
  claims: undefined,
  source: 'fresh',
  waitedMs: 1,
} as const;

test('readRefusal – a challenge with error and description – both', () => {
  const challenge = 'Bearer realm="api", error="invalid_token", error_description="its issuer is not trusted here"';
  assert.equal(readRefusal(challenge, credential), 'invalid_token: its issuer is not trusted here');
});

test('readRefusal – words that repeat the token, or any JWT – without them', () => {
  const challenge = `Bearer error="invalid_token", error_description="got ${token} and eyJhbGciOiJub25lIn0.e30.x"`;
  assert.equal(readRefusal(challenge, credential), 'invalid_token: got [removed] and [removed]');
});

for (const value of ['k3y-9', 'ApiKey k3y-9']) {
  test(`readRefusal – words that repeat a short key, sent as ${value} – without it`, () => {
    const short = { ...credential, header: { name: 'x-api-key', value: new Secret(value) } };
    assert.equal(
      readRefusal('Bearer error="invalid_token", error_description="k3y-9 is unknown"', short),
      'invalid_token: [removed] is unknown',
    );
  });
}

test('readRefusal – no challenge, or one without words – undefined', () => {
  assert.equal(readRefusal(undefined, credential), undefined);
  assert.equal(readRefusal('Bearer realm="api"', credential), undefined);
});
