import assert from 'node:assert/strict';
import type { Provider } from '../../src/model/provider.ts';
import { findKnownRefusal } from '../../src/providers/find-known-refusal.ts';
import { providerNamed } from '../../src/providers/find-provider.ts';
import type { IdpAnswer } from './start-test-idp.ts';

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** Which known refusal of that provider an answer of its token or registration endpoint is, by id. */
export function knownRefusalOf(name: Provider['name'], { status, body, text }: IdpAnswer): string | undefined {
  assert.notEqual(status, 200, `not refused: ${text}`);
  return findKnownRefusal(providerNamed(name), {
    status,
    error: textOf(body['error'] ?? body['errorCode']),
    description: textOf(body['error_description'] ?? body['errorSummary'] ?? body['message']).slice(0, 300),
  })?.id;
}

/** Says that what was provoked is all of the provider's list but what its imitation cannot give, and why it cannot. */
export function assertAllProvoked(
  name: Provider['name'],
  provoked: ReadonlySet<string>,
  notImitated: Readonly<Record<string, string>>,
): void {
  const all = providerNamed(name).refusals.map(({ id }) => id);
  assert.deepEqual([...provoked, ...Object.keys(notImitated)].toSorted(), all.toSorted());
}
