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

/** When a token was got, and until when it is handed out. */
export interface TokenLife {
  /** A clock that shows less than this was set back, and what it says of the end is worth nothing. */
  readonly fromMs: number;
  readonly freshUntilMs: number;
}

/** Is it still handed out? */
export function isFresh({ fromMs, freshUntilMs }: TokenLife, nowMs: number): boolean {
  return nowMs >= fromMs && nowMs < freshUntilMs;
}
