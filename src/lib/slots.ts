/** A place: taken at once, or in the line for one. */
export interface Place {
  /** Resolves when it is taken, and is then released by whoever took it; rejects when it was given up. */
  readonly taken: Promise<void>;
  readonly isWaiting: boolean;
  /** Leaves the line; without effect for one that is taken. */
  giveUp(reason: Error): void;
}

interface Waiting {
  readonly admit: () => void;
  readonly refuse: (reason: Error) => void;
}

/** Lets so many in at a time, and so many wait in line: first come, first served. */
export class Slots {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #line = new Set<Waiting>();
  #taken = 0;

  constructor(options: { readonly most: number; readonly mostWaiting: number }) {
    this.#most = options.most;
    this.#mostWaiting = options.mostWaiting;
  }

  /** Undefined when the line is full. */
  take(): Place | undefined {
    if (this.#taken < this.#most) {
      this.#taken += 1;
      return { taken: Promise.resolve(), isWaiting: false, giveUp: () => {} };
    }
    if (this.#line.size >= this.#mostWaiting) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const one: Waiting = { admit: resolve, refuse: reject };
    this.#line.add(one);
    const giveUp = (reason: Error) => {
      if (this.#line.delete(one)) reject(reason);
    };
    return { taken: promise, isWaiting: true, giveUp };
  }

  /** Gives a slot back; once, by whoever took it. It goes to the first in line. */
  release(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#line.delete(next);
    next.admit();
  }
}
