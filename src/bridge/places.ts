import { fail } from '../model/usher-error.ts';

export interface PlacesOptions {
  readonly most: number;
  readonly mostPerUser: number;
  /** Of the server, for refusals. */
  readonly target: string;
  /** Frees a place of this user that nobody uses just now; false when there is none. */
  readonly makeRoom: (principal: string) => boolean;
}

/** How many channels there may be at once: for everybody, and for each user, so that nobody takes the places of others. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #byUser = new Map<string, number>();
  #taken = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** Takes a place.
   * @returns gives it back; may be called more than once
   * @throws UsherError upstream_full
   */
  take(principal: string): () => void {
    const { most, mostPerUser, target, makeRoom } = this.#options;
    // Nobody knows how many people an anonymous caller is.
    const ofUser = principal === '' ? most : mostPerUser;
    if (this.#of(principal) >= ofUser && !makeRoom(principal)) {
      const reason = `${ofUser} sessions of this user are in use, the most of one (--max-sessions-per-user); they end with a DELETE, or when nobody uses them (--session-idle)`;
      throw fail('upstream_full', { target, reason });
    }
    if (this.#taken >= most && !this.#makeRoomAnywhere()) {
      const reason = `${most} sessions are in use, the most of all users (--max-sessions); they end with a DELETE, or when nobody uses them (--session-idle)`;
      throw fail('upstream_full', { target, reason });
    }
    this.#change(principal, 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#change(principal, -1);
    };
  }

  /** Frees a place that nobody uses just now, of whoever has most of them. */
  #makeRoomAnywhere(): boolean {
    const byNumber = [...this.#byUser].toSorted(([, one], [, other]) => other - one);
    return byNumber.some(([principal]) => this.#options.makeRoom(principal));
  }

  #of(principal: string): number {
    return this.#byUser.get(principal) ?? 0;
  }

  #change(principal: string, by: 1 | -1): void {
    this.#taken += by;
    const next = this.#of(principal) + by;
    if (next === 0) this.#byUser.delete(principal);
    else this.#byUser.set(principal, next);
  }
}
