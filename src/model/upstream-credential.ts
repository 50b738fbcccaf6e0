import type { TokenClaims } from './caller.ts';
import type { Secret } from './secret.ts';

/** What goes upstream instead of the caller's token. */
export interface UpstreamCredential {
  /** The header that carries it; undefined when nothing is sent (strategy `none`). */
  readonly header: { readonly name: string; readonly value: Secret } | undefined;
  /** The new token's claims, for the audit trail; undefined when it is opaque or there is none. */
  readonly claims: TokenClaims | undefined;
  /** Was the identity provider asked for this call? It never is for a `static` one, and there is `none` where nothing is sent. */
  readonly source: 'fresh' | 'cached' | 'static' | 'none';
  /** Milliseconds this call waited for it. */
  readonly waitedMs: number;
  /** Set where it stands for the gateway itself, whoever calls; for the caller otherwise. */
  readonly actsAs?: 'gateway';
  /** The tokens between the caller's and this one, in turn, where there were any. */
  readonly steps?: readonly CredentialStep[];
}

/** A token that was got on the way to another. */
export interface CredentialStep extends TokenClaims {
  /** How it was got. */
  readonly strategy: string;
}
