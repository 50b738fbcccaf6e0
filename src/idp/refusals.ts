import { errors } from 'oidc-provider';

/** One way the provider refuses: status, OAuth error code and description as Okta sends them. */
export interface RefusalRow {
  readonly status: number;
  readonly error: string;
  readonly description: string;
}

/** Okta's words. Sources: the OpenID Connect & OAuth 2.0 reference (developer.okta.com/docs/reference/api/oidc), the
 * support articles on its error messages, and for the rows marked "observed" answers of live orgs. `{name}` is filled in.
 */
export const refusals = {
  // Observed: 401 at the token endpoint; at the authorization endpoint the same goes back as redirect parameters.
  policy_failed: {
    status: 401,
    error: 'access_denied',
    description: 'Policy evaluation failed for this request, please check the policy configurations.',
  },
  user_not_assigned: {
    status: 400,
    error: 'access_denied',
    description: 'User is not assigned to the client application.',
  },
  consent_denied: {
    status: 400,
    error: 'access_denied',
    description: 'The resource owner or authorization server denied the request.',
  },
  scope_unknown: {
    status: 400,
    error: 'invalid_scope',
    description: 'One or more scopes are not configured for the authorization server resource.',
  },
  scope_missing: { status: 400, error: 'invalid_scope', description: 'No scopes were requested.' },
  // Observed as log reason openid_not_allowed_token_exchange; the words are ours.
  scope_not_exchangeable: {
    status: 400,
    error: 'invalid_scope',
    description: 'OpenID Connect scopes are not allowed in a token exchange.',
  },
  grant_not_configured: {
    status: 400,
    error: 'unauthorized_client',
    description: 'The client is not authorized to use the provided grant type. Configured grant types: [{grantTypes}].',
  },
  grant_unsupported: {
    status: 400,
    error: 'unsupported_grant_type',
    description: 'The authorization grant type is not supported by the authorization server.',
  },
  subject_token_invalid: { status: 400, error: 'invalid_request', description: "'subject_token' is invalid." },
  subject_token_expired: { status: 400, error: 'invalid_grant', description: 'subject token is invalid.' },
  subject_token_type_invalid: {
    status: 400,
    error: 'invalid_request',
    description: "'subject_token_type' is invalid.",
  },
  parameter_unsupported: { status: 400, error: 'invalid_request', description: "'{name}' is not supported." },
  // Not documented by Okta; RFC 8693 §2.2.2 names the code, the words are ours.
  audience_invalid: { status: 400, error: 'invalid_target', description: "'audience' is invalid." },
  // The codes of RFC 8628 §3.5; of the words only the first are Okta's.
  authorization_pending: {
    status: 400,
    error: 'authorization_pending',
    description: 'The device authorization is pending. Please try again later.',
  },
  slow_down: {
    status: 400,
    error: 'slow_down',
    description: 'The device asks too often. Wait five seconds longer between two requests.',
  },
  device_code_expired: { status: 400, error: 'expired_token', description: 'The device code has expired.' },
  device_code_invalid: {
    status: 400,
    error: 'invalid_grant',
    description: 'The device code is invalid or has expired.',
  },
  code_invalid: {
    status: 400,
    error: 'invalid_grant',
    description: 'The authorization code is invalid or has expired.',
  },
  pkce_failed: { status: 400, error: 'invalid_grant', description: 'PKCE verification failed.' },
  refresh_token_invalid: {
    status: 400,
    error: 'invalid_grant',
    description: 'The refresh token is invalid or expired.',
  },
  credentials_ambiguous: {
    status: 400,
    error: 'invalid_request',
    description:
      'Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.',
  },
  secret_invalid: {
    status: 401,
    error: 'invalid_client',
    description: 'The client secret supplied for a confidential client is invalid.',
  },
  client_authentication_failed: {
    status: 401,
    error: 'invalid_client',
    description: 'Client authentication failed. Either the client or the client credentials are invalid.',
  },
  // Sent in the shape of the management API, see `refusalBody`.
  client_unknown: { status: 401, error: 'invalid_client', description: "Invalid value for 'client_id' parameter." },
  dpop_missing: { status: 400, error: 'invalid_dpop_proof', description: 'The DPoP proof JWT header is missing.' },
  dpop_nonce_missing: {
    status: 400,
    error: 'use_dpop_nonce',
    description: 'Authorization server requires nonce in DPoP proof.',
  },
  state_missing: {
    status: 400,
    error: 'invalid_request',
    description: "The authentication request has an invalid 'state' parameter.",
  },
} as const satisfies Record<string, RefusalRow>;

export type RefusalCode = keyof typeof refusals;

/** A refusal in the form oidc-provider answers by itself, at the token endpoint as JSON, at the authorization endpoint
 * as redirect.
 */
export class Refusal extends errors.OIDCProviderError {
  readonly code: RefusalCode;
  /** For the log only: which part of the seed says no. */
  readonly reason: string;

  constructor(code: RefusalCode, reason: string, details: Readonly<Record<string, string>> = {}) {
    const row = refusals[code];
    super(row.status, row.error);
    this.code = code;
    this.reason = reason;
    this.error_description = row.description.replaceAll(/\{(\w+)\}/g, (whole, name: string) => details[name] ?? whole);
  }
}

/** What stands in the body of a refusal. */
export function refusalBody(refusal: Refusal, requestId: string): Readonly<Record<string, unknown>> {
  if (refusal.code !== 'client_unknown') {
    return { error: refusal.error, error_description: refusal.error_description };
  }
  return {
    errorCode: refusal.error,
    errorSummary: refusal.error_description,
    errorLink: refusal.error,
    errorId: `oae${requestId}`,
    errorCauses: [],
  };
}
