import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import { dropEnded } from '../lib/drop-ended.ts';
import type { ErrorCode } from '../model/errors.ts';
import { UsherError } from '../model/usher-error.ts';

/** How long each refusal stands without asking again. What is not here is not remembered. Short enough for somebody who
 * mends it and tries again, long enough for a client that calls in a loop not to be heard by the provider.
 */
const rememberedMs: Partial<Record<ErrorCode, number>> = {
  exchange_subject_refused: 5_000,
  exchange_step_up: 5_000,
  exchange_denied: 5_000,
  exchange_misconfigured: 1_000,
  // What an issuer said about a token when it was asked.
  token_inactive: 5_000,
  token_type_refused: 5_000,
  issuer_mismatch: 5_000,
  audience_mismatch: 5_000,
  token_expired: 5_000,
  token_not_yet_valid: 1_000,
  token_claim_invalid: 5_000,
  introspection_misconfigured: 1_000,
};

interface Remembered {
  readonly error: UsherError;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What the provider said no to a moment ago, by the digest of the caller's whole token: one for each target. */
export class RefusalMemory {
  readonly #now: Clock;
  readonly #refusals = new LRUCache<string, Remembered>({ maxSize: 10_000, sizeCalculation: () => 1 });

  constructor(now: Clock) {
    this.#now = now;
  }

  /** The refusal that still stands for this token. */
  find(tokenDigest: string): UsherError | undefined {
    const known = this.#refusals.get(tokenDigest);
    if (known === undefined) return undefined;
    if (stands(known, this.#now())) return known.error;
    this.#refusals.delete(tokenDigest);
    return undefined;
  }

  keep(tokenDigest: string, error: unknown): void {
    const forMs = error instanceof UsherError ? rememberedMs[error.code] : undefined;
    if (forMs === undefined || !(error instanceof UsherError)) return;
    const fromMs = this.#now();
    dropEnded(this.#refusals, (one) => !stands(one, fromMs));
    this.#refusals.set(tokenDigest, { error, fromMs, untilMs: fromMs + forMs });
  }
}

/** A clock set back must not make it longer. */
function stands({ fromMs, untilMs }: Remembered, nowMs: number): boolean {
  return nowMs >= fromMs && nowMs < untilMs;
}
