/** One end, and why. */
export interface End {
  readonly at: Date;
  readonly reason: string;
}

const windowMs = 600_000;
/** More of them in ten minutes say nothing more. */
const most = 1_000;

/** How often something that should go on has ended: in all, in the last ten minutes, and why the last time. */
export class RecentEnds {
  readonly #now: () => number;
  /** When each of the last ten minutes was, the oldest first. */
  #times: number[] = [];
  #count = 0;
  #last: End | undefined;

  /** @param now milliseconds of a clock that is never set */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  note(reason: string): void {
    this.#count += 1;
    this.#last = { at: new Date(), reason };
    this.#times.push(this.#now());
    if (this.#times.length > most) this.#times.shift();
  }

  get count(): number {
    return this.#count;
  }

  get last(): End | undefined {
    return this.#last;
  }

  /** In the last ten minutes; at most 1000. */
  get recent(): number {
    const since = this.#now() - windowMs;
    this.#times = this.#times.filter((at) => at > since);
    return this.#times.length;
  }
}
