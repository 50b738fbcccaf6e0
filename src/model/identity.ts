import type { Caller } from './caller.ts';

/** The caller, and the token they proved it with. The token ends its life in `exchange`. */
export interface Identity {
  readonly caller: Caller;
  /** Undefined for an anonymous caller. */
  readonly callerToken: string | undefined;
}
