import { Pieces } from './pieces.ts';

const [lineFeed, carriageReturn] = [0x0a, 0x0d];

/** Cuts a stream of server-sent events into whole events, each with the empty line that ends it, byte for byte as they came
 * (HTML, server-sent events, interpreting an event stream: lines end with CR LF, LF or CR).
 */
export class EventSplitter {
  readonly #onEvent: (event: Buffer) => void;
  readonly #pieces = new Pieces();
  #isLineEmpty = true;
  #afterReturn = false;

  constructor(onEvent: (event: Buffer) => void) {
    this.#onEvent = onEvent;
  }

  /** Bytes of the event that has not ended yet. */
  get pendingBytes(): number {
    return this.#pieces.size;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      const isSecondHalf = byte === lineFeed && this.#afterReturn;
      this.#afterReturn = byte === carriageReturn;
      // Of CR LF: the line has ended already, and so has the event where the line was empty.
      if (isSecondHalf) continue;
      if (byte !== lineFeed && byte !== carriageReturn) {
        this.#isLineEmpty = false;
        continue;
      }
      const isEnd = this.#isLineEmpty;
      this.#isLineEmpty = true;
      if (!isEnd) continue;
      const withSecondHalf = byte === carriageReturn && chunk[at + 1] === lineFeed ? at + 2 : at + 1;
      this.#pieces.add(chunk.subarray(start, withSecondHalf));
      start = withSecondHalf;
      this.#onEvent(this.rest());
    }
    if (start < chunk.length) this.#pieces.add(chunk.subarray(start));
  }

  /** What is left when the stream has ended: not an event, since no empty line ended it. */
  rest(): Buffer {
    return this.#pieces.take();
  }
}
