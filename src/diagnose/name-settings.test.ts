import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameSettings } from './name-settings.ts';

const fix =
  'Compare --token-exchange-client-id with the app, put the secret into --token-exchange-client-secret-file, or set --token-exchange-dpop.';

const rows: readonly (readonly [string | undefined, string])[] = [
  [undefined, fix],
  ['token-exchange', fix],
  [
    'entra-obo',
    'Compare --entra-obo-client-id with the app, put the secret into --entra-obo-client-secret-file, or set dpop of its credential.',
  ],
  [
    'chain',
    'Compare clientId of its credential with the app, put the secret into clientSecretFile of its credential, or set dpop of its credential.',
  ],
];
for (const [credential, expected] of rows) {
  test(`a fix – for ${credential ?? 'a credential nobody named'} – names its own settings`, () => {
    assert.equal(nameSettings(fix, credential), expected);
  });
}
