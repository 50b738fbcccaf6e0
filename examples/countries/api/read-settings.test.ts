import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './read-settings.ts';

const good = { OKTA_ISSUER: 'https://org.example/oauth2/backend', OKTA_AUDIENCE: 'backend', REQUIRED_SCOPES: 'a' };

test('readSettings – the least there is – listens on loopback and wants tokens', () => {
  assert.deepEqual(readSettings(good), {
    host: '127.0.0.1',
    port: 4000,
    logFormat: 'text',
    publicUrl: undefined,
    tokens: {
      issuer: 'https://org.example/oauth2/backend',
      audience: 'backend',
      requiredScopes: ['a'],
      requireDpop: false,
    },
  });
});

test('readSettings – OKTA_DOMAIN alone – stands for its default authorization server', () => {
  const { tokens } = readSettings({ ...good, OKTA_ISSUER: '', OKTA_DOMAIN: 'org.example' });
  assert.equal(tokens?.issuer, 'https://org.example/oauth2/default');
});

test('readSettings – OKTA_ISSUER and OKTA_DOMAIN – takes the issuer', () => {
  assert.equal(readSettings({ ...good, OKTA_DOMAIN: 'other.example' }).tokens?.issuer, good.OKTA_ISSUER);
});

test('readSettings – several scopes with commas and spaces – wants each of them', () => {
  assert.deepEqual(readSettings({ ...good, REQUIRED_SCOPES: 'a, b c' }).tokens?.requiredScopes, ['a', 'b', 'c']);
});

const wrong: readonly (readonly [string, Record<string, string>, RegExp])[] = [
  ['REQUIRE_DPOP that is neither', { REQUIRE_DPOP: 'yes' }, /REQUIRE_DPOP is "yes", expected true or false/],
  ['PUBLIC_URL that is none', { PUBLIC_URL: 'api.example.com' }, /PUBLIC_URL is .*expected an http or https URL/],
  ['issuer over http', { OKTA_ISSUER: 'http://localhost/oauth2/x' }, /OKTA_ISSUER is "http:.*expected an https URL/],
  ['issuer with a slash at its end', { OKTA_ISSUER: 'https://org.example/' }, /no slash at the end/],
  ['domain with its scheme', { OKTA_ISSUER: '', OKTA_DOMAIN: 'https://org.example' }, /OKTA_DOMAIN is.*without https/],
  ['domain left as in the manual', { OKTA_ISSUER: '', OKTA_DOMAIN: '{yourOktaDomain}' }, /OKTA_DOMAIN is/],
  ['no issuer', { OKTA_ISSUER: '' }, /OKTA_ISSUER is missing/],
  ['no audience', { OKTA_AUDIENCE: '' }, /OKTA_AUDIENCE is missing/],
  ['no scopes', { REQUIRED_SCOPES: ' , ' }, /REQUIRED_SCOPES is missing/],
  ['port out of range', { PORT: '65536' }, /PORT is "65536"/],
  ['port that is half a number', { PORT: '80x' }, /PORT is "80x"/],
  ['auth neither on nor off', { REQUIRE_AUTH: 'no' }, /REQUIRE_AUTH is "no", expected true or false/],
  ['unknown log format', { LOG_FORMAT: 'xml' }, /LOG_FORMAT is "xml"/],
];
for (const [what, change, says] of wrong) {
  test(`readSettings – ${what} – is refused`, () => assert.throws(() => readSettings({ ...good, ...change }), says));
}
