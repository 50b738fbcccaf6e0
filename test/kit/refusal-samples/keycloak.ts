import type { RefusalAnswer } from '../../../src/model/provider.ts';

const invalidRequest = (description: string) => ({ status: 400, error: 'invalid_request', description });

/** Keycloak's answers, word for word: seen with 26.7.3, or read in its source. */
export const keycloakSamples: Readonly<Record<string, RefusalAnswer>> = {
  'keycloak-exchange-off': invalidRequest('Standard token exchange is not enabled for the requested client'),
  'keycloak-exchange-unsupported': {
    status: 400,
    error: 'unsupported_grant_type',
    description: 'Unsupported grant_type',
  },
  'keycloak-not-in-audience': {
    status: 403,
    error: 'access_denied',
    description: 'Client is not within the token audience',
  },
  'keycloak-audience-not-available': invalidRequest('Requested audience not available: backend'),
  'keycloak-audience-unknown': { status: 400, error: 'invalid_client', description: 'Audience not found' },
  'keycloak-audience-disabled': { status: 400, error: 'invalid_client', description: 'Client disabled' },
  'keycloak-scope-invalid': { status: 400, error: 'invalid_scope', description: 'Invalid scopes: backend-api:write' },
  'keycloak-consent-missing': {
    status: 400,
    error: 'invalid_scope',
    description: 'Missing consents for Token Exchange in client mcpserver',
  },
  'keycloak-subject-token-invalid': invalidRequest('Invalid token'),
  'keycloak-subject-token-type': invalidRequest("Parameter 'subject_token' supports access tokens only"),
  'keycloak-requested-token-type': invalidRequest('requested_token_type unsupported'),
  'keycloak-legacy-parameter': invalidRequest(
    "Parameter 'requested_subject' is not supported for standard token exchange",
  ),
  'keycloak-public-client': {
    status: 400,
    error: 'invalid_client',
    description: 'Public client is not allowed to exchange token',
  },
  'keycloak-bearer-only': { status: 400, error: 'invalid_client', description: 'Bearer-only not allowed' },
  'keycloak-client-authentication': {
    status: 400,
    error: 'invalid_client',
    description: 'Parameter client_assertion_type is missing',
  },
  'keycloak-dpop-clock': invalidRequest('DPoP proof is not active'),
  'keycloak-dpop-url': invalidRequest('DPoP HTTP URL mismatch'),
  'keycloak-sender-constrained': invalidRequest(
    'Sender-constrained token exchange rejected as the token was not issued for the requesting client',
  ),
  'keycloak-secret-wrong': {
    status: 401,
    error: 'unauthorized_client',
    description: 'Invalid client or Invalid client credentials',
  },
  'keycloak-client-unknown': {
    status: 401,
    error: 'invalid_client',
    description: 'Invalid client or Invalid client credentials',
  },
  'keycloak-realm-unknown': { status: 404, error: 'Realm does not exist', description: '' },
  'keycloak-realm-disabled': { status: 403, error: 'access_denied', description: 'Realm not enabled' },
  'keycloak-https-required': { status: 403, error: 'invalid_request', description: 'HTTPS required' },
};
