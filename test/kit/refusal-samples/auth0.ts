import type { RefusalAnswer } from '../../../src/model/provider.ts';

/** Auth0's answers: its documentation, and what its users quote. */
export const auth0Samples: Readonly<Record<string, RefusalAnswer>> = {
  'auth0-grant-not-allowed': {
    status: 403,
    error: 'unauthorized_client',
    description: "Grant type 'urn:ietf:params:oauth:grant-type:token-exchange' not allowed for the client.",
  },
  'auth0-client-grant-missing': {
    status: 400,
    error: 'invalid_request',
    description: 'Client is not authorized to access resource server "https://countries.example.com".',
  },
  'auth0-scope-not-granted': {
    status: 403,
    error: 'access_denied',
    description: 'Client has not been granted scopes: countries:write',
  },
  'auth0-api-unknown': {
    status: 403,
    error: 'access_denied',
    description: 'Service not found: https://countries.example.com',
  },
  'auth0-token-types': {
    status: 400,
    error: 'invalid_request',
    description: 'Invalid subject_token_type and requested_token_type combination.',
  },
  'auth0-subject-token-invalid': { status: 400, error: 'invalid_request', description: 'Invalid subject_token' },
  'auth0-consent-required': { status: 403, error: 'consent_required', description: 'Consent required' },
  'auth0-mfa-required': { status: 403, error: 'mfa_required', description: 'Multifactor authentication required' },
  'auth0-delegation-too-deep': {
    status: 400,
    error: 'invalid_request',
    description: 'Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 4',
  },
  'auth0-client-unauthorized': { status: 401, error: 'access_denied', description: 'Unauthorized' },
  'auth0-client-unknown': { status: 401, error: 'invalid_client', description: 'Unknown client: 0oa1gateway' },
  'auth0-registration-off': {
    status: 400,
    error: 'Bad Request',
    description: 'dynamic client registration is disabled',
  },
  'auth0-dpop-nonce': {
    status: 400,
    error: 'use_dpop_nonce',
    description: 'Authorization server requires nonce in DPoP proof',
  },
  // The words of those that follow are ours.
  'auth0-dpop-required': { status: 400, error: 'invalid_dpop_proof', description: 'DPoP proof is missing' },
  'auth0-dpop-api-off': {
    status: 400,
    error: 'invalid_request',
    description: 'Sender-constraining is not enabled for "https://countries.example.com"',
  },
  'auth0-dpop-clock': {
    status: 400,
    error: 'invalid_dpop_proof',
    description: 'DPoP proof iat is not recent enough',
  },
  'auth0-dpop-url': { status: 400, error: 'invalid_dpop_proof', description: 'DPoP proof htu mismatch' },
  'auth0-dpop': {
    status: 400,
    error: 'invalid_dpop_proof',
    description: 'DPoP proof signature verification failed',
  },
  'auth0-audience-missing': {
    status: 400,
    error: 'invalid_request',
    description: 'Missing required parameter: audience',
  },
  'auth0-user-blocked': { status: 403, error: 'unauthorized', description: 'user is blocked' },
  'auth0-suspicious-ip': {
    status: 429,
    error: 'too_many_attempts',
    description:
      'We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator.',
  },
  'auth0-rate-limit': { status: 429, error: 'too_many_requests', description: 'Global limit has been reached' },
  'auth0-action-denied': { status: 403, error: 'access_denied', description: 'Not from this network.' },
};
