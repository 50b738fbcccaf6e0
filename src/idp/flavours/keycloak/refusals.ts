import type { CommonRefusals } from '../flavour.ts';
import type { RefusalRow } from '../token-refusal.ts';

const row = (status: number, error: string, description: string): RefusalRow => ({ status, error, description });

/** Keycloak's words: observed with 26.7.3, or read in its StandardTokenExchangeProvider, AbstractTokenExchangeProvider and
 * TokenEndpoint (github.com/keycloak/keycloak, services/src/main/java/org/keycloak/protocol/oidc).
 */
export const refusals = {
  // Observed: another code for a wrong secret than for an unknown client, with the same words.
  clientUnknown: row(401, 'invalid_client', 'Invalid client or Invalid client credentials'),
  secretMissing: row(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
  secretInvalid: row(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
  grantUnsupported: row(400, 'unsupported_grant_type', 'Unsupported grant_type'),
  grantNotAllowed: row(400, 'invalid_request', 'Standard token exchange is not enabled for the requested client'),
  codeInvalid: row(400, 'invalid_grant', 'Code not valid'),
  refreshTokenInvalid: row(400, 'invalid_grant', 'Invalid refresh token'),
  parameterMissing: row(400, 'invalid_request', 'Missing form parameter: {name}'),
  dpopMissing: row(400, 'invalid_request', 'DPoP proof is missing'),
  dpopInvalid: row(400, 'invalid_request', '{why}'),
  refreshProofInvalid: row(400, 'invalid_grant', '{why}'),
  subjectTokenBound: row(
    400,
    'invalid_request',
    'Sender-constrained token exchange rejected as the token was not issued for the requesting client',
  ),
  publicClient: row(400, 'invalid_client', 'Public client is not allowed to exchange token'),
  // Observed: other words than the token endpoint has, and another code.
  introspectionSecretInvalid: row(401, 'invalid_client', 'Client authentication failed.'),
  introspectionNotAllowed: row(403, 'invalid_request', 'Client not allowed.'),
  introspectedTokenMissing: row(400, 'invalid_request', 'Token not provided.'),
  registrationHostNotTrusted: row(
    403,
    'insufficient_scope',
    "Policy 'Trusted Hosts' rejected request to client-registration service. Details: Host not trusted.",
  ),
  registrationTokenInvalid: row(401, 'invalid_token', 'Failed decode token'),
  // Where nothing is, in the words of the layer that finds it out.
  methodNotAllowed: row(405, 'HTTP 405 Method Not Allowed', ''),
  notInRealm: row(404, 'HTTP 404 Not Found', ''),
  noRealm: row(404, 'Unable to find matching target resource method', ''),
  scopeNotGranted: row(400, 'invalid_scope', 'Invalid scopes: {scopes}'),
  // A role that the user lacks keeps the audience out of the token (keycloak.org/securing-apps/token-exchange).
  userNotAllowed: row(400, 'invalid_request', 'Requested audience not available: {api}'),
  subjectTokenMissing: row(400, 'invalid_request', "Parameter 'subject_token' required for standard token exchange"),
  subjectTokenTypeInvalid: row(400, 'invalid_request', "Parameter 'subject_token' supports access tokens only"),
  subjectTokenInvalid: row(400, 'invalid_request', 'Invalid token'),
  parameterUnsupported: row(400, 'invalid_request', "Parameter '{name}' is not supported for standard token exchange"),
  requestedTypeUnsupported: row(400, 'invalid_request', 'requested_token_type unsupported'),
  audienceUnknown: row(400, 'invalid_client', 'Audience not found'),
  notInAudience: row(403, 'access_denied', 'Client is not within the token audience'),
  scopeInvalid: row(400, 'invalid_scope', 'Invalid scopes: {scopes}'),
  audienceNotAvailable: row(400, 'invalid_request', 'Requested audience not available: {api}'),
  consentMissing: row(400, 'invalid_scope', 'Missing consents for Token Exchange in client {clientId}'),
  realmUnknown: row(404, 'Realm does not exist', ''),
} as const satisfies CommonRefusals & Readonly<Record<string, RefusalRow>>;
