import type { RefusalAnswer } from '../../../src/model/provider.ts';

/** Okta's answers, word for word: the OpenID Connect & OAuth 2.0 reference, its error codes, support articles, live orgs. */
export const oktaSamples: Readonly<Record<string, RefusalAnswer>> = {
  'okta-policy': {
    status: 401,
    error: 'access_denied',
    description: 'Policy evaluation failed for this request, please check the policy configurations.',
  },
  'okta-user-not-assigned': {
    status: 400,
    error: 'access_denied',
    description: 'User is not assigned to the client application.',
  },
  'okta-network-zone': {
    status: 403,
    error: 'access_denied',
    description: 'Access denied.',
  },
  'okta-scope-unknown': {
    status: 400,
    error: 'invalid_scope',
    description: 'One or more scopes are not configured for the authorization server resource.',
  },
  'okta-scope-none': { status: 400, error: 'invalid_scope', description: 'No scopes were requested.' },
  'okta-scope-openid': {
    status: 400,
    error: 'invalid_scope',
    description: 'OpenID Connect scopes are not allowed in a token exchange.',
  },
  'okta-grant-not-ticked': {
    status: 400,
    error: 'unauthorized_client',
    description:
      'The client is not authorized to use the provided grant type. Configured grant types: [client_credentials].',
  },
  'okta-grant-unsupported': {
    status: 400,
    error: 'unsupported_grant_type',
    description: 'The authorization grant type is not supported by the authorization server.',
  },
  'okta-server-not-trusted': { status: 400, error: 'invalid_request', description: "'subject_token' is invalid." },
  'okta-subject-token-ended': { status: 400, error: 'invalid_grant', description: 'subject token is invalid' },
  'okta-subject-token-type': {
    status: 400,
    error: 'invalid_request',
    description: "'subject_token_type' is invalid.",
  },
  'okta-audience': { status: 400, error: 'invalid_target', description: "'audience' is invalid." },
  'okta-client-unknown': {
    status: 401,
    error: 'invalid_client',
    description: "Invalid value for 'client_id' parameter.",
  },
  'okta-secret-wrong': {
    status: 401,
    error: 'invalid_client',
    description: 'The client secret supplied for a confidential client is invalid.',
  },
  'okta-client-authentication': {
    status: 401,
    error: 'invalid_client',
    description: 'Client authentication failed. Either the client or the client credentials are invalid.',
  },
  'okta-credentials-twice': {
    status: 400,
    error: 'invalid_request',
    description:
      'Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.',
  },
  'okta-dpop-required': {
    status: 400,
    error: 'invalid_dpop_proof',
    description: 'The DPoP proof JWT header is missing.',
  },
  'okta-dpop-nonce': {
    status: 400,
    error: 'use_dpop_nonce',
    description: 'Authorization server requires nonce in DPoP proof.',
  },
  'okta-code-ended': {
    status: 400,
    error: 'invalid_grant',
    description: 'The authorization code is invalid or has expired.',
  },
  'okta-server-not-found': {
    status: 404,
    error: 'E0000007',
    description: 'Not found: Resource not found: aus2 (AuthorizationServer)',
  },
  'okta-feature-missing': {
    status: 401,
    error: 'E0000015',
    description: 'You do not have permission to access the feature you are requesting',
  },
  'okta-rate-limit': {
    status: 429,
    error: 'E0000047',
    description: 'API call exceeded rate limit due to too many requests.',
  },
};
