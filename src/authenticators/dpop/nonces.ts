import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';

export interface NoncesOptions {
  readonly now: Clock;
  readonly lifeMs: number;
  /** Of all replicas; one of this process's own when absent. */
  readonly secret?: Buffer | undefined;
}

/** Nonces of a resource server (RFC 9449 §9): made of the time and a secret, so that none has to be kept. Each is given out for
 * one life and taken for another, and from replicas with the same secret whose clock is ahead.
 */
export class Nonces {
  readonly #secret: Buffer;
  readonly #now: Clock;
  readonly #lifeMs: number;
  #step = Number.NaN;
  #current = '';
  #others: readonly string[] = [];

  constructor({ now, lifeMs, secret = randomBytes(32) }: NoncesOptions) {
    this.#secret = secret;
    this.#now = now;
    this.#lifeMs = lifeMs;
  }

  /** The one to be given out now. */
  get current(): string {
    const step = Math.floor(this.#now() / this.#lifeMs);
    if (step !== this.#step) {
      this.#step = step;
      this.#current = this.#nonceOf(step);
      this.#others = [this.#nonceOf(step - 1), this.#nonceOf(step + 1)];
    }
    return this.#current;
  }

  isGood(nonce: unknown): boolean {
    return nonce === this.current || this.#others.some((other) => other === nonce);
  }

  #nonceOf(step: number): string {
    return createHmac('sha256', this.#secret).update(String(step)).digest('base64url');
  }
}
