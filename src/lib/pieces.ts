const mostLoose = 1024;

/** Keeps bytes that come in pieces until they are whole. Small pieces are joined now and then: each costs hundreds of bytes of
 * its own, so that whoever sends single ones would fill the memory long before any limit of bytes.
 */
export class Pieces {
  #joined: Buffer[] = [];
  #loose: Buffer[] = [];
  #size = 0;

  /** Bytes of all of them. */
  get size(): number {
    return this.#size;
  }

  add(piece: Buffer): void {
    this.#loose.push(piece);
    this.#size += piece.length;
    if (this.#loose.length < mostLoose) return;
    this.#joined.push(Buffer.concat(this.#loose));
    this.#loose = [];
  }

  /** All of them as one; nothing is kept then. */
  take(): Buffer {
    const [only] = this.#loose;
    const whole =
      only !== undefined && only.length === this.#size ? only : Buffer.concat([...this.#joined, ...this.#loose]);
    this.drop();
    return whole;
  }

  drop(): void {
    this.#joined = [];
    this.#loose = [];
    this.#size = 0;
  }
}
