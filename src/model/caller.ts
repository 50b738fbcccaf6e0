/** Who is calling, as an authenticator established it. Immutable; shared by all calls that carry the same token. */
export interface Caller {
  /** `iss` of the token; empty for an anonymous caller. */
  readonly issuer: string;
  /** `sub` of the token; `anonymous` for an anonymous caller. */
  readonly subject: string;
  /** The OAuth client that got the token: `client_id`, `cid` or `azp`. */
  readonly clientId: string | undefined;
  /** A name a person recognises (email, preferred_username, name …), for the audit trail; never decided on. */
  readonly name: string | undefined;
  /** From `scp` (Okta) or `scope` (RFC 9068). */
  readonly scopes: ReadonlySet<string>;
  /** Issuer, subject and client as one text: who sessions and tasks belong to. Empty for an anonymous caller, who owns
   * nothing that another anonymous caller could not have.
   */
  readonly principal: string;
  /** All claims of the verified token, for rules to decide on; never shown. */
  readonly tokenClaims: Readonly<Record<string, unknown>>;
  /** The claims the audit trail shows. */
  readonly claims: TokenClaims;
  /** Milliseconds since the epoch; Infinity for an anonymous caller. */
  readonly expiresAtMs: number;
  /** Until when the token is taken, its leeway included; milliseconds since the epoch, Infinity for an anonymous caller. */
  readonly acceptedUntilMs: number;
  /** SHA-256 of the whole token, base64url: the key of whatever is kept for it, and the `ath` of proofs for it (RFC 9449
   * §4.2). Empty for an anonymous caller.
   */
  readonly tokenDigest: string;
  /** Thumbprint of the key the token is bound to (`cnf.jkt`, RFC 9449 §6): worth nothing without a proof of that key.
   * Undefined for a bearer token.
   */
  readonly jkt: string | undefined;
}

/** The part of a token that may be shown: it names the token without being one. */
export interface TokenClaims {
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly scp?: readonly string[];
  readonly sub?: string;
  /** Entra's name of the user, the same for every service where `sub` is another for each. */
  readonly oid?: string;
  readonly jti?: string;
  readonly exp?: number;
  readonly clientId?: string;
  /** Who acts for the subject, from the one who does now to the first (RFC 8693 §4.1). */
  readonly act?: readonly string[];
}
