import type { Connection } from './connection.ts';
import type { Caller } from './caller.ts';

/** Seam: who is calling. One folder per member under authenticators/. */
export interface Authenticator {
  readonly strategy: string;
  /** Issuers it takes tokens of; the metadata's `authorization_servers`. Empty for `anonymous`. */
  readonly issuers: readonly string[];
  /** False when a request without a token is a caller too (`anonymous`). */
  readonly needsToken: boolean;
  /** The caller of a token that is known already. Costs a look-up and asks nobody. */
  find(callerToken: string): Caller | undefined;
  /** The caller for a token, synchronously when the token is known.
   * @throws UsherError of stage authenticate
   */
  authenticate(callerToken: string, connection: Connection): Caller | Promise<Caller>;
  /** The caller when there is no token; only where `needsToken` is false. */
  readonly anonymous: Caller | undefined;
  /** Fetches ahead what the first call would wait for. Never throws: what fails now is tried again on the first call. */
  warmUp(): Promise<void>;
  /** What it needs and does not have, with why, in words for the operator; empty when it is ready. */
  lacking(): readonly string[];
}
