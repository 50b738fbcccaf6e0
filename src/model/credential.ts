import type { Caller } from './caller.ts';
import type { Connection } from './connection.ts';
import type { Identity } from './identity.ts';
import type { UpstreamCredential } from './upstream-credential.ts';

/** Seam: as whom we call. One folder per member under credentials/. */
export interface Credential {
  readonly strategy: string;
  /** The strategy for this caller, where it is not the same for all. */
  strategyFor?(caller: Caller): string;
  /** The credential for this caller, synchronously when it is at hand.
   * @throws UsherError of stage exchange. There is no fallback.
   */
  obtain(identity: Identity, connection: Connection): UpstreamCredential | Promise<UpstreamCredential>;
  /** The service behind refused this one. True when another attempt could differ: then it is not handed out again. */
  evict(identity: Identity, refused: UpstreamCredential): boolean;
}
