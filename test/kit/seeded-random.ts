/** Random numbers that come again with the same seed (mulberry32): a failure that names its seed can be looked at. */
export interface SeededRandom {
  /** From 0 on, below 1. */
  next(): number;
  /** A whole number from 0 on, below `end`. */
  below(end: number): number;
  pick<T>(list: readonly T[]): T;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return { next, below, pick: <T>(list: readonly T[]) => list[below(list.length)] as T };
}

/** The seed of `USHER_SEED`, or a new one. */
export function findSeed(): number {
  return Number(process.env['USHER_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
}
