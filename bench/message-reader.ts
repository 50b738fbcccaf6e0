/** Finds the ends of HTTP/1.1 messages in a stream of bytes; just enough for what the benchmark's own ends send and
 * what a proxy makes of it: a body by Content-Length, by chunks, or none.
 */
export class MessageReader {
  #pending: Buffer = Buffer.alloc(0);
  readonly #onMessage: (head: string) => void;

  constructor(onMessage: (head: string) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const headEnd = this.#pending.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = this.#pending.toString('latin1', 0, headEnd);
      const bodyStart = headEnd + 4;
      const end = findEnd(this.#pending, head, bodyStart);
      if (end === undefined) return;
      this.#pending = this.#pending.subarray(end);
      this.#onMessage(head);
    }
  }
}

function findEnd(bytes: Buffer, head: string, bodyStart: number): number | undefined {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length !== null) {
    const end = bodyStart + Number(length[1]);
    return bytes.length >= end ? end : undefined;
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return bodyStart;
  const last = bytes.indexOf('0\r\n\r\n', bodyStart);
  return last === -1 ? undefined : last + 5;
}
