import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findStepUp } from './find-step-up.ts';

const entra = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
const secrets = ['gateway-secret', 'quoted"secret'];

const decode = (claims: string | undefined): unknown => JSON.parse(Buffer.from(claims ?? '', 'base64url').toString());

describe('claims', () => {
  const rows: readonly (readonly [string, string])[] = [
    ["Entra's", entra],
    ['of another length', '{"access_token":{"acrs":{"essential":true,"value":"c12"}}}'],
    ['of yet another length', '{"access_token":{"acrs":{"essential":true,"value":"c123"}}}'],
    ['with characters that base64 and base64url write differently', '{"a":"???>>>~~~","b":"ÿþÿþ","c":"日本"}'],
  ];
  for (const [name, claims] of rows) {
    test(`findStepUp – claims ${name} – the same object in base64 and in base64url, padded or not`, () => {
      const found = findStepUp({ claims }, secrets)?.['claims'];
      assert.match(found ?? '', /^[A-Za-z0-9]+$/);
      assert.equal((found ?? '').length % 4, 0);
      assert.deepEqual(decode(found), JSON.parse(claims));
    });
  }
  const refused: readonly (readonly [string, unknown])[] = [
    ['no text', { access_token: {} }],
    ['no JSON', '{"access_token"'],
    ['an array', '[{"access_token":{}}]'],
    ['null', 'null'],
    ['text', '"claims"'],
    ['longer than 2048 characters', JSON.stringify({ a: 'x'.repeat(2048) })],
    ['longer than that when written without other characters', JSON.stringify({ a: 'ÿ'.repeat(1000) })],
    ['with a secret in it', '{"a":"gateway-secret"}'],
    ['with a secret in escapes', String.raw`{"a":"\u0067ateway-secret"}`],
    ['with a secret that JSON escapes', String.raw`{"a":"quoted\"secret"}`],
    ['with a JWT in it', '{"a":"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"}'],
  ];
  for (const [name, claims] of refused) {
    test(`findStepUp – claims that are ${name} – not handed on`, () => {
      assert.equal(findStepUp({ claims }, secrets), undefined);
    });
  }
});

describe('acr_values and max_age', () => {
  for (const [name, body, found] of [
    ['both', { acr_values: 'urn:mfa urn:phr', max_age: 300 }, { acr_values: 'urn:mfa urn:phr', max_age: '300' }],
    ['max_age as text', { max_age: '0' }, { max_age: '0' }],
    ['an unusable one beside a good one', { acr_values: 'a"b', max_age: 5 }, { max_age: '5' }],
    [
      'with claims',
      { max_age: 5, claims: entra },
      { max_age: '5', claims: findStepUp({ claims: entra }, [])?.['claims'] },
    ],
  ] as const) {
    test(`findStepUp – ${name} – handed on`, () => assert.deepEqual(findStepUp(body, secrets), found));
  }
  for (const body of [
    { acr_values: 'a"b' },
    { acr_values: 'a\\b' },
    { acr_values: 'a\r\nx-injected: 1' },
    { acr_values: '' },
    { acr_values: ['urn:mfa'] },
    { acr_values: 'x'.repeat(501) },
    { acr_values: 'gateway-secret' },
    { max_age: -1 },
    { max_age: 1.5 },
    { max_age: 1e10 },
    { max_age: '5, x="y"' },
    {},
    null,
    'text',
    undefined,
  ]) {
    test(`findStepUp – ${JSON.stringify(body)?.slice(0, 60) ?? 'no body'} – nothing`, () => {
      assert.equal(findStepUp(body, secrets), undefined);
    });
  }
});
