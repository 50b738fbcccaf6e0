import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';

/** Nonces of a resource server (RFC 9449 §9): made of the time and a secret of this process, so that none has to be kept.
 * Each is given out for one life and taken for another.
 */
export class Nonces {
  readonly #secret = randomBytes(32);
  readonly #now: Clock;
  readonly #lifeMs: number;
  #step = Number.NaN;
  #current = '';
  #previous = '';

  constructor({ now, lifeMs }: { readonly now: Clock; readonly lifeMs: number }) {
    this.#now = now;
    this.#lifeMs = lifeMs;
  }

  /** The one to be given out now. */
  get current(): string {
    const step = Math.floor(this.#now() / this.#lifeMs);
    if (step !== this.#step) {
      this.#step = step;
      this.#current = this.#nonceOf(step);
      this.#previous = this.#nonceOf(step - 1);
    }
    return this.#current;
  }

  isGood(nonce: unknown): boolean {
    return nonce === this.current || nonce === this.#previous;
  }

  #nonceOf(step: number): string {
    return createHmac('sha256', this.#secret).update(String(step)).digest('base64url');
  }
}
