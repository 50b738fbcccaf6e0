/** Lets steps through in their order, and keeps them while it is held. Whoever takes steps asks first whether it is held, so
 * that an open gate costs nothing.
 */
export class Gate {
  readonly #onOpen: () => void;
  readonly #kept: (() => void)[] = [];
  #holds = 0;

  /** @param onOpen is called when nothing holds it any more, before what was kept goes through */
  constructor(onOpen: () => void) {
    this.#onOpen = onOpen;
  }

  get isHeld(): boolean {
    return this.#holds > 0 || this.#kept.length > 0;
  }

  /** Holds it until that settles, either way. */
  hold(until: Promise<unknown>): void {
    this.#holds += 1;
    const release = (): void => {
      this.#holds -= 1;
      if (this.#holds > 0) return;
      this.#onOpen();
      // A step that is kept meanwhile has its turn; one may hold the gate again.
      while (this.#holds === 0) {
        const [step] = this.#kept;
        if (step === undefined) return;
        step();
        this.#kept.shift();
      }
    };
    until.then(release, release);
  }

  /** For when the gate is open again, behind what was kept before. */
  keep(step: () => void): void {
    this.#kept.push(step);
  }
}
