import type { TokenClaims } from './caller.ts';
import type { Secret } from './secret.ts';

/** Proves that a token is ours to use (RFC 9449 §4). */
export interface UpstreamProof {
  /** The value of the `DPoP` header for one request. */
  prove(method: string, url: string): string;
  /** Takes the nonce an answer gave for the next proof; true when the proof that was sent held another, so that a
   * request that was refused for it can be repeated. */
  learnNonce(url: string, nonce: unknown, sent: string): boolean;
}

/** What goes upstream instead of the caller's token. */
export interface UpstreamCredential {
  /** The header that carries it; undefined when nothing is sent (strategy `none`). */
  readonly header: { readonly name: string; readonly value: Secret } | undefined;
  /** Present where the token is bound to a key of this gateway: each request needs a proof beside it. */
  readonly proof?: UpstreamProof | undefined;
  /** The new token's claims, for the audit trail; undefined when it is opaque or there is none. */
  readonly claims: TokenClaims | undefined;
  /** Was the identity provider asked for this call? It never is for a `static` one, and there is `none` where nothing is sent. */
  readonly source: 'fresh' | 'cached' | 'static' | 'none';
  /** Milliseconds this call waited for it. */
  readonly waitedMs: number;
  /** Set where it stands for the gateway itself, or for whoever signed in there, whoever calls; for the caller otherwise. */
  readonly actsAs?: 'gateway' | 'operator';
  /** The person who runs the gateway, where it stands for them. */
  readonly operator?: Operator;
  /** Subject of their own access token, which need not be the one of their ID token; undefined where that token is opaque. */
  readonly operatorSubject?: string | undefined;
  /** The tokens between the caller's and this one, in turn, where there were any. */
  readonly steps?: readonly CredentialStep[];
}

/** Who signed in at the gateway itself. */
export interface Operator {
  readonly iss: string;
  readonly sub: string;
  readonly name?: string;
}

/** A token that was got on the way to another. */
export interface CredentialStep extends TokenClaims {
  /** How it was got. */
  readonly strategy: string;
}
