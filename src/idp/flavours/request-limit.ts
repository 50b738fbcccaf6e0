/** How many requests are taken within a minute. */
export interface RequestLimit {
  /** False when there were as many already. */
  take(): boolean;
}

const minuteMs = 60_000;

/** @param most undefined: as many as come */
export function buildRequestLimit(most: number | undefined, now: () => number): RequestLimit {
  if (most === undefined) return { take: () => true };
  let [minute, taken] = [0, 0];
  return {
    take() {
      const current = Math.floor(now() / minuteMs);
      if (current !== minute) [minute, taken] = [current, 0];
      taken += 1;
      return taken <= most;
    },
  };
}
