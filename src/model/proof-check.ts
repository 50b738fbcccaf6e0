import type { Caller } from './caller.ts';

/** A request that came with a token by the scheme `DPoP` (RFC 9449 §7.1). */
export interface PresentedProof {
  /** The values of all its `DPoP` headers. */
  readonly proofs: readonly string[];
  readonly method: string;
  /** Of the token, which is good by itself. */
  readonly caller: Caller;
}

/** Checks that who sends a token has the key it is bound to (RFC 9449 §4.3), for one mounted server. */
export interface ProofCheck {
  /** Are tokens refused that are bound to no key? */
  readonly isRequired: boolean;
  /** JWS algorithms a proof may be signed with; never `none`, never a shared secret. */
  readonly algorithms: readonly string[];
  /** Checks the proof of one request, and takes it only once. What comes back is the nonce for the next proof, where there
   * is another than the one in this.
   * @throws UsherError of stage authenticate
   */
  check(presented: PresentedProof): string | undefined | Promise<string | undefined>;
}
