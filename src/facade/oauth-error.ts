/** The codes a client may get from the façade: RFC 6749 §4.1.2.1 and §5.2, RFC 7591 §3.2.2, RFC 8707 §2, and of OpenID Connect
 * Core §3.1.2.6 those that the provider may answer with.
 */
export type OAuthErrorCode =
  | 'access_denied'
  | 'consent_required'
  | 'interaction_required'
  | 'invalid_client'
  | 'invalid_client_metadata'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'login_required'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'unsupported_grant_type'
  | 'unsupported_response_type';

interface OAuthErrorMore {
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly isPassing?: boolean;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** Thrown where the façade refuses; becomes the JSON, the redirect or the page of the protocol. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: OAuthErrorCode;
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  /** It comes of somebody who may answer otherwise in a moment, whatever the code says. */
  readonly isPassing: boolean;
  /** What the audit trail says of it beside that: the provider's own words. */
  readonly details: Readonly<Record<string, string | number>> | undefined;

  /** @param description for whoever builds or uses the client: says what was wanted, quotes no token */
  constructor(code: OAuthErrorCode, description: string, more: OAuthErrorMore = {}) {
    super(description);
    this.code = code;
    this.status = more.status ?? (code === 'invalid_client' ? 401 : 400);
    this.retryAfterSeconds = more.retryAfterSeconds;
    this.isPassing = more.isPassing ?? false;
    this.details = more.details;
  }
}
