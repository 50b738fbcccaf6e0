const withoutCallerToken = new Set<unknown>([undefined, 'none', 'static-header', 'client-credentials']);

/** Does a credential of this strategy begin with the caller's token? */
export function needsCallerToken(strategy: unknown): boolean {
  return !withoutCallerToken.has(strategy);
}
