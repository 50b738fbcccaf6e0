/** Lets a share of all requests be repeated, and a few more when it has been quiet: an outage is not answered with twice
 * the requests.
 */
export class RetryBudget {
  readonly #share: number;
  readonly #most: number;
  #saved: number;

  /** `share` of the requests may be repeated; `most` repetitions can be saved up, and are there at the start. */
  constructor({ share, most }: { readonly share: number; readonly most: number }) {
    this.#share = share;
    this.#most = most;
    this.#saved = most;
  }

  /** For each request that is not a repetition. */
  earn(): void {
    this.#saved = Math.min(this.#most, this.#saved + this.#share);
  }

  /** May this one be repeated? */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
