import { Pieces } from './pieces.ts';

const lineFeed = 0x0a;

export interface LineSplitterOptions {
  /** Bytes of one line. */
  readonly longest: number;
  readonly onLine: (line: string) => void;
  /** Told once for each line that is longer, with the number of bytes so far; nothing of it is handed on. */
  readonly onTooLong: () => void;
}

/** Cuts a stream of UTF-8 into lines, without their ends. Holds at most one line. */
export class LineSplitter {
  readonly #options: LineSplitterOptions;
  readonly #pieces = new Pieces();
  #isSkipping = false;

  constructor(options: LineSplitterOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      this.#take(chunk.subarray(start, end));
      this.#emit();
      start = end + 1;
    }
    if (start < chunk.length) this.#take(chunk.subarray(start));
  }

  #take(piece: Buffer): void {
    if (this.#isSkipping) return;
    if (this.#pieces.size + piece.length <= this.#options.longest) return this.#pieces.add(piece);
    this.#isSkipping = true;
    this.#pieces.drop();
    this.#options.onTooLong();
  }

  #emit(): void {
    const line = this.#pieces.take();
    if (this.#isSkipping) this.#isSkipping = false;
    else this.#options.onLine(line.toString('utf8').replace(/\r$/, ''));
  }
}
