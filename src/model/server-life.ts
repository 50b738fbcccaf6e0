/** How a server that is run here has lived since the gateway started, for the operator. */
export interface ServerLife {
  /** How often it was started again after it had ended by itself. Where each session or user has a process of its own: how
   * many of these ended by themselves.
   */
  readonly restarts: number;
  /** How often it ended by itself, or did not come up again, in the last ten minutes. */
  readonly recentEnds: number;
  readonly lastEnd: { readonly at: Date; readonly reason: string } | undefined;
  /** Since when it runs; undefined while it is down, and where it is not one process. */
  readonly since: Date | undefined;
  /** Its processes or containers of now, where it may be any number of them. */
  readonly processes: number | undefined;
  /** What a check that its image brings along finds; undefined without one. */
  readonly check: SelfCheck | undefined;
}

/** The finding of a check of an image (HEALTHCHECK), in the engine's words: `starting`, `healthy`, `unhealthy`. */
export interface SelfCheck {
  readonly status: string;
  /** How often it failed in a row by now. */
  readonly failedInARow: number;
}
