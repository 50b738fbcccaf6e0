import type { AuditRecord } from '../model/audit-record.ts';

const windowMs = 60_000;
/** So many callers are told apart in a minute; more are counted as so many. */
const mostCallers = 10_000;

/** The last call that was refused or failed. */
export interface LastRefusal {
  readonly at: string;
  readonly id: string;
  readonly code?: string;
  readonly reason: string;
  readonly status: number;
}

/** What the records of the audit trail say about the last minute. */
export interface CallCounts {
  readonly calls: number;
  readonly refused: number;
  /** Different users with their clients. */
  readonly callers: number;
  readonly lastCallAt: string | undefined;
  readonly lastRefusal: LastRefusal | undefined;
}

/** Counts calls by seconds, so that a minute takes sixty numbers, however many calls there are. */
export class CallCounter {
  readonly #now: () => number;
  readonly #seconds = new Map<number, { calls: number; refused: number }>();
  /** When each was last heard of, the oldest first. */
  readonly #callers = new Map<string, number>();
  #lastCallAt: string | undefined;
  #lastRefusal: LastRefusal | undefined;

  /** @param now milliseconds of a clock that is never set */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  readonly take = (record: AuditRecord): void => {
    // No call, though who signs in then mostly calls.
    if (record.signIn !== undefined) return;
    const now = this.#now();
    const second = Math.floor(now / 1000);
    const counts = this.#seconds.get(second) ?? { calls: 0, refused: 0 };
    this.#seconds.set(second, counts);
    counts.calls += 1;
    this.#lastCallAt = record.time;
    if (record.decision === 'refused' || record.decision === 'failed') {
      const { time: at, id, code, reason, status } = record;
      counts.refused += 1;
      this.#lastRefusal = { at, id, reason, status, ...(code === undefined ? {} : { code }) };
    }
    const { iss, sub, client } = record.who;
    // Who was refused before anybody knew who it is, is nobody.
    if (record.caller?.unverified !== true && (sub ?? client) !== undefined) {
      const key = JSON.stringify([iss, sub, client]);
      this.#callers.delete(key);
      this.#callers.set(key, now);
    }
    this.#forget(now);
  };

  read(): CallCounts {
    this.#forget(this.#now());
    const all = [...this.#seconds.values()];
    return {
      calls: all.reduce((sum, { calls }) => sum + calls, 0),
      refused: all.reduce((sum, { refused }) => sum + refused, 0),
      callers: this.#callers.size,
      lastCallAt: this.#lastCallAt,
      lastRefusal: this.#lastRefusal,
    };
  }

  #forget(now: number): void {
    for (const second of this.#seconds.keys()) {
      if (second * 1000 > now - windowMs) break;
      this.#seconds.delete(second);
    }
    for (const [key, at] of this.#callers) {
      if (at > now - windowMs && this.#callers.size <= mostCallers) break;
      this.#callers.delete(key);
    }
  }
}
