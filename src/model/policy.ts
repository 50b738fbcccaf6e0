import type { Message } from './call.ts';
import type { Caller } from './caller.ts';

/** One message as a policy judges it. */
export interface Asked {
  readonly message: Message;
  /** The tool that is called, or that the task was started with; undefined when it is about something else. */
  readonly tool: string | undefined;
}

/** Seam: may they. One folder per member under policies/. */
export interface Policy {
  readonly strategy: string;
  /** Scopes a client should ask for at first: the challenge's `scope` and the metadata's `scopes_supported`. */
  readonly scopes: readonly string[];
  /** What allowed all of it, in a word or two, for the audit trail.
   * @param asked one for each message; none for GET and DELETE
   * @throws UsherError of stage authorize
   */
  authorize(caller: Caller, asked: readonly Asked[]): string;
  /** Which tools a list may show this caller; undefined when it may show all there are. */
  visibleTools(caller: Caller): ((tool: string) => boolean) | undefined;
}
