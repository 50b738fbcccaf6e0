import type { Message } from './call.ts';
import type { Caller } from './caller.ts';

/** Seam: how often may they. Members are under policies/. */
export interface RateLimits {
  /** Counts the messages of a request against every limit they fall under: all of them, or none.
   * @param from network address of the caller
   * @returns until when to wait, where replicas have to agree first; nearly never
   * @throws UsherError of stage authorize, as a rejection too
   */
  admit(caller: Caller, messages: readonly Message[], from: string | undefined): Promise<void> | undefined;
}
