import type { CommonRefusals } from '../flavour.ts';
import type { RefusalRow } from '../token-refusal.ts';

const row = (status: number, error: string, description: string): RefusalRow => ({ status, error, description });

/** Auth0's words. Sources: auth0.com/docs/secure/call-apis-on-users-behalf/on-behalf-of-token-exchange, its Authentication API
 * reference, and what its users quote; the rows marked "ours" are not documented.
 */
export const refusals = {
  clientUnknown: row(401, 'invalid_client', 'Unknown client: {clientId}'),
  secretMissing: row(401, 'access_denied', 'Unauthorized'),
  secretInvalid: row(401, 'access_denied', 'Unauthorized'),
  grantUnsupported: row(403, 'unauthorized_client', "Grant type '{grant}' not allowed for the client."),
  grantNotAllowed: row(
    403,
    'unauthorized_client',
    "Grant type 'urn:ietf:params:oauth:grant-type:token-exchange' not allowed for the client.",
  ),
  codeInvalid: row(403, 'invalid_grant', 'Invalid authorization code'),
  refreshTokenInvalid: row(403, 'invalid_grant', 'Unknown or invalid refresh token.'),
  parameterMissing: row(400, 'invalid_request', 'Missing required parameter: {name}'),
  // Code and words are ours: auth0.com/docs/secure/sender-constraining/configure-sender-constraining says "Not Issued", the page on
  // DPoP that this code is one of those to be reckoned with.
  dpopMissing: row(400, 'invalid_dpop_proof', 'DPoP proof is missing'),
  dpopInvalid: row(400, 'invalid_dpop_proof', '{why}'),
  dpopNotForApi: row(400, 'invalid_request', 'Sender-constraining is not enabled for "{api}"'),
  // …/demonstrating-proof-of-possession-dpop#public-clients.
  dpopNonceMissing: row(400, 'use_dpop_nonce', 'Authorization server requires nonce in DPoP proof'),
  // "A refresh token request requires a DPoP Proof JWT generated using the same key pair"; the words are ours.
  refreshProofInvalid: row(400, 'invalid_dpop_proof', '{why}'),
  scopeNotGranted: row(
    403,
    'access_denied',
    'Client is not authorized to access "{api}". You need to create a "client-grant" associated to this API.',
  ),
  userNotAllowed: row(403, 'access_denied', 'Client has not been granted scopes: {scopes}'),
  scopeNotAmongGranted: row(403, 'access_denied', 'Client has not been granted scopes: {scopes}'),
  // auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy; the words as for its Management API.
  tooManyRequests: row(429, 'too_many_requests', 'Global limit has been reached'),
  // As at a sign-in (auth0.com/docs/manage-users/user-accounts/block-and-unblock-users); the status is ours.
  userBlocked: row(403, 'unauthorized', 'user is blocked'),
  // auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger: api.access.deny(reason).
  actionDenied: row(403, 'access_denied', '{reason}'),
  // auth0.com/docs/secure/multi-factor-authentication/authenticate-using-ropg-flow-with-mfa
  multifactorRequired: row(403, 'mfa_required', 'Multifactor authentication required'),
  apiUnknown: row(403, 'access_denied', 'Service not found: {api}'),
  // What third-party applications run into: codes from auth0.com/docs/get-started/applications/third-party-applications/security-controls
  // and …/troubleshooting, the words of the two below as people quote them, the others ours.
  connectionMissing: row(403, 'invalid_request', 'no connections enabled for the client'),
  thirdPartyNotGranted: row(
    403,
    'invalid_request',
    'Client "{clientId}" is not authorized to access resource server "{api}".',
  ),
  parameterUnsupported: row(400, 'invalid_request', 'Parameter "{name}" is not supported for third-party applications'),
  challengeMissing: row(400, 'invalid_request', 'Parameter "code_challenge" is required for third-party applications'),
  tokenTypesInvalid: row(400, 'invalid_request', 'Invalid subject_token_type and requested_token_type combination.'),
  // The status is that of auth0.com/docs/api/authentication/on-behalf-of-token-exchange/get-token; code and words are ours.
  subjectTokenInvalid: row(401, 'invalid_request', 'Invalid subject_token'),
  delegationTooDeep: row(
    400,
    'invalid_request',
    'Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 4',
  ),
  consentRequired: row(403, 'consent_required', 'Consent required'),
} as const satisfies CommonRefusals & Readonly<Record<string, RefusalRow>>;
