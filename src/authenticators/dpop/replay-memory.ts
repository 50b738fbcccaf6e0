import type { Clock } from '../../lib/clock.ts';
import { fail } from '../../model/usher-error.ts';

/** Knows which proofs were used (RFC 9449 §11.1). */
export interface ReplayStore {
  /** Is this the first time? Then it is remembered until that time, in milliseconds since the epoch. A key is the
   * thumbprint of the proof's key, a dot, and a digest of its `jti`.
   * @param lifeMs for how long proofs are taken at all. Where that grows, those that are known are known for longer, and those that may
   * have been forgotten are not new
   * @throws UsherError when it cannot tell
   */
  isNew(key: string, untilMs: number, lifeMs: number): boolean | Promise<boolean>;
}

/** One that answers at once. */
export interface ReplayMemory extends ReplayStore {
  isNew(key: string, untilMs: number, lifeMs: number): boolean;
}

export interface ReplayMemoryOptions {
  readonly now: Clock;
  /** Proofs at once, some hundred bytes each; one key may use up a tenth of it. */
  readonly most?: number;
}

/** What was used, in this process. Nothing is forgotten before its time to make room: rather no proof is taken, of one key
 * first. Proofs are looked at in the order they came in, so that one may stand a little longer than it has to.
 */
export function buildReplayMemory({ now, most = 500_000 }: ReplayMemoryOptions): ReplayMemory {
  const used = new Map<string, number>();
  const counts = new Map<string, number>();
  const count = (thumbprint: string, change: 1 | -1) => {
    const after = (counts.get(thumbprint) ?? 0) + change;
    if (after === 0) counts.delete(thumbprint);
    else counts.set(thumbprint, after);
  };
  const forget = (nowMs: number) => {
    for (const [key, untilMs] of used) {
      if (untilMs > nowMs) break;
      used.delete(key);
      count(thumbprintOf(key), -1);
    }
  };
  let knownLifeMs: number | undefined;
  /** When proofs were made of which none that was used is forgotten. */
  let knownSinceMs = Number.NEGATIVE_INFINITY;
  const learnLife = (lifeMs: number, nowMs: number): void => {
    const grownMs = lifeMs - (knownLifeMs ?? lifeMs);
    if (grownMs > 0) {
      knownSinceMs = Math.max(knownSinceMs, nowMs + grownMs - lifeMs);
      // They can be used again for so much longer.
      for (const [key, untilMs] of used) used.set(key, untilMs + grownMs);
    }
    knownLifeMs = lifeMs;
  };
  return {
    isNew(key, untilMs, lifeMs) {
      const nowMs = now();
      forget(nowMs);
      learnLife(lifeMs, nowMs);
      if (untilMs - lifeMs < knownSinceMs) return false;
      if (used.has(key)) return false;
      const thumbprint = thumbprintOf(key);
      if (used.size >= most || (counts.get(thumbprint) ?? 0) >= most / 10)
        throw fail('dpop_proofs_too_many', { held: used.size });
      used.set(key, untilMs);
      count(thumbprint, 1);
      return true;
    },
  };
}

function thumbprintOf(key: string): string {
  return key.slice(0, key.indexOf('.'));
}
