/** What is known of the last try at something that is tried again and again: why it failed, and when. */
export class LastFailure {
  #failure: { readonly reason: string; readonly atMs: number } | undefined;

  /** In a few words; undefined when it worked, or was never tried. */
  get reason(): string | undefined {
    return this.#failure?.reason;
  }

  /** Keeps why it failed. True for the first one of a row, which is the one to be told of. */
  note(reason: string, nowMs: number): boolean {
    const isFirst = this.#failure === undefined;
    this.#failure = { reason, atMs: nowMs };
    return isFirst;
  }

  /** It worked. True when it had failed before. */
  clear(): boolean {
    const hadFailed = this.#failure !== undefined;
    this.#failure = undefined;
    return hadFailed;
  }

  /** Did it fail less than so long ago? Where the clock was set back to before, nobody knows: then it counts as long ago, or it
   * would not be tried for as long as the clock was set back.
   */
  wasWithin(ms: number, nowMs: number): boolean {
    if (this.#failure === undefined) return false;
    const agoMs = nowMs - this.#failure.atMs;
    return agoMs >= 0 && agoMs < ms;
  }
}
