import type { RefusalAnswer } from '../../../src/model/provider.ts';

const refusal = (error: string, description = '', status = 400) => ({ status, error, description });

/** Answers in the codes of the standards. */
export const genericSamples: Readonly<Record<string, RefusalAnswer>> = {
  'generic-client': refusal('invalid_client', '', 401),
  'generic-grant-not-allowed': refusal('unauthorized_client'),
  'generic-grant-unsupported': refusal('unsupported_grant_type'),
  'generic-token-types': refusal('invalid_request', 'Invalid subject_token_type and requested_token_type combination.'),
  'generic-subject-token': refusal('invalid_request', 'Invalid subject_token'),
  'generic-grant-ended': refusal('invalid_grant', 'Token has expired'),
  'generic-target': refusal('invalid_target', 'The requested audience is unknown'),
  'generic-scope': refusal('invalid_scope', 'The requested scope is invalid'),
  'generic-denied': refusal('access_denied', 'The policy says no', 403),
  'generic-consent': refusal('consent_required'),
  'generic-step-up': refusal('insufficient_user_authentication', 'A different authentication level is required', 401),
  'generic-dpop': refusal('invalid_dpop_proof'),
  'generic-request': refusal('invalid_request', 'Missing parameter: audience'),
  'generic-rate-limit': refusal('too_many_requests', 'Too many requests', 429),
};
