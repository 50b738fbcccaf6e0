/** The codes a client may get from the façade: RFC 6749 §4.1.2.1 and §5.2, RFC 7591 §3.2.2, RFC 8707 §2. */
export type OAuthErrorCode =
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_client_metadata'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'unsupported_grant_type'
  | 'unsupported_response_type';

/** Thrown where the façade refuses; becomes the JSON, the redirect or the page of the protocol. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: OAuthErrorCode;
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  /** @param description for whoever builds or uses the client: says what was wanted, quotes no token */
  constructor(code: OAuthErrorCode, description: string, answer: { status?: number; retryAfterSeconds?: number } = {}) {
    super(description);
    this.code = code;
    this.status = answer.status ?? (code === 'invalid_client' ? 401 : 400);
    this.retryAfterSeconds = answer.retryAfterSeconds;
  }
}
