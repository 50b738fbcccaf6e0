import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsherError } from '../model/usher-error.ts';
import { parseRecord } from './undo-record.ts';

const setUp = { provider: 'okta', title: 'Okta', target: 'https://example.okta.com' } as const;

function refusalOf(record: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify({ version: 1, steps: [], files: {}, ...record });
  try {
    parseRecord(text, 'usher-setup.json', setUp);
  } catch (error) {
    if (error instanceof UsherError) return error.message;
    throw error;
  }
  return assert.fail('it was taken');
}

test('parseRecord – a record of another provider at the same address – tells the two apart', () => {
  const message = refusalOf({ provider: 'keycloak', target: setUp.target });
  assert.match(
    message,
    /is about keycloak at https:\/\/example\.okta\.com, not about okta at https:\/\/example\.okta\.com/,
  );
});

test('parseRecord – a record whose target is 5,000 characters long – repeats 200 of them', () => {
  const message = refusalOf({ provider: 'okta', target: `https://${'x'.repeat(5_000)}` });
  assert.match(message, /is about okta at https:\/\/x{192}…, not about okta at/);
});
