import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalSamples } from '../../test/kit/refusal-samples/refusal-samples.ts';
import { findRefusalById } from '../providers/find-known-refusal.ts';
import { fail } from '../model/usher-error.ts';
import { aspectOfRefusal } from './aspect-of-refusal.ts';

const url = 'https://idp.example/token';
const details = { url, status: 400, description: '' };

for (const [id, aspect] of [
  ['okta-server-not-found', 'endpoint'],
  ['keycloak-realm-unknown', 'endpoint'],
  ['okta-secret-wrong', 'client'],
  ['okta-client-unknown', 'client'],
  ['okta-grant-not-ticked', 'grant'],
  ['okta-dpop-required', 'dpop'],
  ['okta-audience', 'request'],
  ['okta-scope-unknown', 'request'],
  ['okta-server-not-trusted', 'token'],
  ['okta-subject-token-ended', 'token'],
  ['keycloak-secret-wrong', 'client'],
  ['keycloak-client-unknown', 'client'],
  ['keycloak-audience-unknown', 'request'],
  ['keycloak-exchange-off', 'grant'],
  ['keycloak-subject-token-invalid', 'token'],
  ['auth0-client-unauthorized', 'client'],
  ['auth0-grant-not-allowed', 'grant'],
  ['auth0-subject-token-invalid', 'token'],
  ['entra-client-unknown', 'client'],
  ['entra-client-assertion', 'client'],
  ['entra-obo-not-allowed', 'grant'],
  ['entra-assertion-invalid', 'token'],
  ['entra-assertion-audience', 'token'],
  ['entra-scope-invalid', 'request'],
  ['entra-tenant-unknown', 'endpoint'],
  ['entra-user-not-in-tenant', 'token'],
] as const) {
  test(`aspectOfRefusal – ${id} – is about the ${aspect}`, () => {
    const known = findRefusalById(id);
    assert.ok(known !== undefined, id);
    const [, sample] = Object.entries(refusalSamples[known.provider.name]).find(([name]) => name === id) ?? [];
    const error = sample?.error ?? '';
    assert.equal(
      aspectOfRefusal(fail('exchange_subject_refused', { ...details, error }, { known: known.refusal })),
      aspect,
    );
  });
}

test('aspectOfRefusal – a code of the standard in unknown words – what the standard means by it', () => {
  const aspectOf = (error: string) => aspectOfRefusal(fail('exchange_misconfigured', { ...details, error }));
  assert.equal(aspectOf('invalid_client'), 'client');
  assert.equal(aspectOf('unauthorized_client'), 'grant');
  assert.equal(aspectOf('use_dpop_nonce'), 'dpop');
  assert.equal(aspectOf('invalid_target'), 'request');
});
