/** The caller's connection. */
export interface Connection {
  /** Aborted when the caller goes away before the answer ended. */
  readonly signal: AbortSignal;
}
