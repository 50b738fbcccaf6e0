/** Until when a token that ends then is handed out: less a tenth of what is left, 30 s at most, for the way to the service
 * behind and for clocks that differ. Milliseconds since the epoch, all of them.
 */
export function findFreshUntil(endsAtMs: number, nowMs: number): number {
  return endsAtMs - Math.min(30_000, (endsAtMs - nowMs) / 10);
}

/** From when on the next token is asked for, in the last fifth of that time. */
export function findRefreshAt(freshUntilMs: number, nowMs: number): number {
  return freshUntilMs - (freshUntilMs - nowMs) / 5;
}
