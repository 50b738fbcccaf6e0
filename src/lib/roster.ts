/** Who is in right now, for things that come and go all the time. Unlike a Set, which is rebuilt every few additions and
 * whose dead copies then keep what they held alive until the next full garbage collection (tens of milliseconds of pause
 * under load), places are used again and hold nothing once they are left.
 */
export class Roster<T extends object> {
  readonly #places: (T | undefined)[] = [];
  readonly #free: number[] = [];
  #empty: PromiseWithResolvers<void> | undefined;

  /** Enters something, and returns its place. */
  enter(one: T): number {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = one;
    return place;
  }

  /** Leaves a place; once, by whoever entered. */
  leave(place: number): void {
    this.#places[place] = undefined;
    this.#free.push(place);
    if (this.#empty === undefined || this.size > 0) return;
    this.#empty.resolve();
    this.#empty = undefined;
  }

  /** Resolves as soon as nobody is in. */
  async whenEmpty(): Promise<void> {
    if (this.size === 0) return;
    this.#empty ??= Promise.withResolvers<void>();
    await this.#empty.promise;
  }

  get size(): number {
    return this.#places.length - this.#free.length;
  }

  /** All that are in, in no particular order. */
  *[Symbol.iterator](): Generator<T> {
    for (const one of this.#places) if (one !== undefined) yield one;
  }
}
