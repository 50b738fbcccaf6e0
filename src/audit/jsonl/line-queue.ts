const lineFeed = 0x0a;

/** Some whole lines, written up to `offset`. */
interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
  offset: number;
}

/** Lines that wait to be written, in order, in batches. */
export class LineQueue {
  readonly #batches: Batch[] = [];
  #lines = 0;
  #byteLength = 0;

  /** Not yet written, a line that is written in part included. */
  get lines(): number {
    const [first] = this.#batches;
    if (first === undefined || first.offset === 0) return this.#lines;
    return this.#lines - first.lines + countLines(first.bytes.subarray(first.offset));
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Takes lines of which so many bytes are written already. */
  push(text: string, lines: number, written = 0): void {
    const bytes = Buffer.from(text);
    this.#batches.push({ bytes, lines, offset: written });
    this.#lines += lines;
    this.#byteLength += bytes.length;
  }

  /** What is to be written next; undefined when nothing waits. */
  peek(): Buffer | undefined {
    const [first] = this.#batches;
    return first?.bytes.subarray(first.offset);
  }

  /** So many bytes of it are written. */
  advance(written: number): void {
    const [first] = this.#batches;
    if (first === undefined) return;
    first.offset += written;
    if (first.offset >= first.bytes.length) this.#remove(0, first);
  }

  /** What comes next goes to another file, where half a line would be none: the line that is written in part is written
   * again as a whole.
   */
  rewind(): void {
    const [first] = this.#batches;
    if (first !== undefined && first.offset > 0) first.offset = first.bytes.lastIndexOf(lineFeed, first.offset - 1) + 1;
  }

  /** Drops the oldest batch, unless it is the one being written, and returns how many lines that were. */
  dropOldest(isWriting: boolean): number {
    // A batch that is written in part stays: it may end within a line, and the next one would continue it.
    const index = isWriting || (this.#batches[0]?.offset ?? 0) > 0 ? 1 : 0;
    const batch = this.#batches[index];
    if (batch === undefined) return 0;
    this.#remove(index, batch);
    return batch.lines;
  }

  #remove(index: number, batch: Batch): void {
    this.#batches.splice(index, 1);
    this.#lines -= batch.lines;
    this.#byteLength -= batch.bytes.length;
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}
