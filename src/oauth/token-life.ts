/** However long a token lives, the provider is asked once a day whether it still gives one; and some write "never" as a number
 * that no clock or store can take.
 */
const longestMs = 24 * 3_600_000;

/** Until when a token that ends then is handed out: less a tenth of what is left, 30 s at most, for the way to the service
 * behind and for clocks that differ; a day at most. Milliseconds since the epoch, all of them.
 */
export function findFreshUntil(endsAtMs: number, nowMs: number): number {
  const endMs = Math.min(endsAtMs, nowMs + longestMs);
  return endMs - Math.min(30_000, (endMs - nowMs) / 10);
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
