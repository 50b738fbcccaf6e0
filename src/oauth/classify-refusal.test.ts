import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../model/errors.ts';
import { UsherError } from '../model/usher-error.ts';
import { classifyRefusal } from './classify-refusal.ts';

const url = 'https://id.example/token';

/** Whose fault each refusal is. The descriptions are those of Okta and Keycloak where they have one. */
const rows: readonly (readonly [status: number, error: string, description: string, code: ErrorCode])[] = [
  [400, 'invalid_grant', "'subject_token' is invalid", 'exchange_subject_refused'],
  [401, 'invalid_grant', '', 'exchange_subject_refused'],
  [400, 'invalid_token', 'Token has been revoked', 'exchange_subject_refused'],
  [400, 'login_required', '', 'exchange_subject_refused'],
  [400, 'interaction_required', '', 'exchange_subject_refused'],
  [400, 'insufficient_user_authentication', '', 'exchange_step_up'],
  [400, 'invalid_request', 'Invalid subject_token', 'exchange_subject_refused'],
  [400, 'invalid_request', 'The subject token is expired', 'exchange_subject_refused'],
  [400, 'invalid_request', "'subject_token_type' is invalid", 'exchange_misconfigured'],
  [400, 'invalid_request', 'Parameter audience is missing', 'exchange_misconfigured'],
  [400, 'access_denied', 'Policy evaluation failed for this request', 'exchange_denied'],
  [403, 'access_denied', 'Client not allowed to exchange', 'exchange_denied'],
  [403, 'not_allowed', '', 'exchange_denied'],
  [400, 'consent_required', '', 'exchange_denied'],
  [401, 'invalid_client', 'Client authentication failed', 'exchange_misconfigured'],
  [400, 'invalid_client', '', 'exchange_misconfigured'],
  [400, 'invalid_scope', 'One or more scopes are not configured', 'exchange_misconfigured'],
  [400, 'invalid_target', '', 'exchange_misconfigured'],
  [400, 'unauthorized_client', 'The client is not authorized to use the provided grant type', 'exchange_misconfigured'],
  [400, 'unsupported_grant_type', '', 'exchange_misconfigured'],
  [400, 'invalid_dpop_proof', 'The DPoP proof JWT header is missing.', 'exchange_misconfigured'],
  [403, '', '', 'exchange_misconfigured'],
  [404, '', '', 'exchange_misconfigured'],
  [408, '', '', 'exchange_unavailable'],
  [429, 'E0000047', 'API call exceeded rate limit', 'exchange_unavailable'],
  [429, 'access_denied', '', 'exchange_unavailable'],
  [500, 'server_error', '', 'exchange_unavailable'],
  [500, 'invalid_grant', '', 'exchange_unavailable'],
  [503, 'temporarily_unavailable', '', 'exchange_unavailable'],
  [502, '', '', 'exchange_unavailable'],
  [302, '', '', 'exchange_answer_invalid'],
  [307, 'invalid_grant', '', 'exchange_answer_invalid'],
  [204, '', '', 'exchange_answer_invalid'],
];
for (const [status, error, description, code] of rows) {
  test(`classifyRefusal – ${status} ${error || 'without a code'} "${description}" – ${code}`, () => {
    const refusal = classifyRefusal({
      url,
      status,
      error,
      description,
      retryAfterSeconds: undefined,
      stepUp: undefined,
    });
    assert.ok(refusal instanceof UsherError);
    assert.equal(refusal.code, code);
    // The provider's words are for the operator alone.
    if (description !== '') assert.ok(!refusal.message.includes(description));
  });
}

test('classifyRefusal – words that end with a full stop – get no second one', () => {
  const answer = { url, status: 401, error: 'invalid_client', retryAfterSeconds: undefined, stepUp: undefined };
  const refusal = classifyRefusal({ ...answer, description: 'The client secret is invalid.' });
  assert.ok(refusal instanceof UsherError);
  assert.match(refusal.hint, /The client secret is invalid\. Check client id/);
});

test('classifyRefusal – the provider names a time to wait – the caller is told', () => {
  const refusal = classifyRefusal({
    url,
    status: 429,
    error: '',
    description: '',
    retryAfterSeconds: 17,
    stepUp: undefined,
  });
  assert.ok(refusal instanceof UsherError);
  assert.equal(refusal.retryAfterSeconds, 17);
});

describe('the provider names the sign-in it wants', () => {
  const stepUp = { acr_values: 'urn:mfa' };
  for (const [error, code] of [
    ['interaction_required', 'exchange_step_up'],
    ['login_required', 'exchange_step_up'],
    ['invalid_grant', 'exchange_step_up'],
    ['insufficient_user_authentication', 'exchange_step_up'],
    ['access_denied', 'exchange_denied'],
    ['invalid_client', 'exchange_misconfigured'],
  ] as const) {
    test(`classifyRefusal – ${error} – ${code}`, () => {
      const refusal = classifyRefusal({
        url,
        status: 400,
        error,
        description: '',
        retryAfterSeconds: undefined,
        stepUp,
      });
      assert.ok(refusal instanceof UsherError);
      assert.equal(refusal.code, code);
      assert.deepEqual(refusal.challengeParameters, code === 'exchange_step_up' ? stepUp : {});
    });
  }

  test('classifyRefusal – an administrator has to allow it first – nobody signs in again and again for it', () => {
    const known = {
      id: 'blocked',
      answer: {},
      turn: 'allow',
      cause: 'Blocked.',
      fix: 'Allow it.',
      source: 'test',
    } as const;
    const error = 'interaction_required';
    const refusal = classifyRefusal({
      url,
      status: 400,
      error,
      description: '',
      retryAfterSeconds: undefined,
      stepUp,
      known,
    });
    assert.ok(refusal instanceof UsherError);
    assert.equal(refusal.code, 'exchange_denied');
  });
});
