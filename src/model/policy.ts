import type { Call } from './call.ts';
import type { Caller } from './caller.ts';

/** Seam: may they. One folder per member under policies/. */
export interface Policy {
  readonly strategy: string;
  /** Scopes a client should ask for: the challenge's `scope` and the metadata's `scopes_supported`. */
  readonly scopes: readonly string[];
  /** What allowed the call, in a word or two, for the audit trail.
   * @throws UsherError of stage authorize
   */
  authorize(caller: Caller, call: Call): string;
}
