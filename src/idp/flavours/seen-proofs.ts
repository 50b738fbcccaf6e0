import { LRUCache } from 'lru-cache';

/** Proofs of possession that came already: each is good once (RFC 9449 §11.1). */
export interface SeenProofs {
  /** False when this one was seen. */
  take(jti: string, url: string): boolean;
}

/** @param seconds as long as a proof is taken at all */
export function buildSeenProofs(seconds: number): SeenProofs {
  const seen = new LRUCache<string, true>({ max: 10_000, ttl: seconds * 1000 });
  return {
    take(jti, url) {
      const key = JSON.stringify([jti, url]);
      if (seen.has(key)) return false;
      seen.set(key, true);
      return true;
    },
  };
}
