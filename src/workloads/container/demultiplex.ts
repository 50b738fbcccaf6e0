import { PassThrough, type Readable } from 'node:stream';

/** What a container said, apart. */
export interface Outputs {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

const headerBytes = 8;

/** Takes the frames of an attached container without a terminal apart: a byte that says which stream, three of nothing, four
 * of length, the bytes (Docker Engine API, `ContainerAttach`, "Stream format"). Both outputs end with the connection.
 * Nothing is kept: a reader that is slow makes the container wait.
 */
export function demultiplex(connection: Readable): Outputs {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const splitter = new FrameSplitter();
  const full = new Set<PassThrough>();
  connection.on('data', (chunk: Buffer) => {
    for (const { isError, bytes } of splitter.take(chunk)) {
      const output = isError ? stderr : stdout;
      // A chunk may hold hundreds of frames: one of them is enough to wait for.
      if (output.write(bytes) || full.has(output)) continue;
      full.add(output);
      connection.pause();
      output.once('drain', () => {
        full.delete(output);
        if (full.size === 0) connection.resume();
      });
    }
  });
  const end = (): void => {
    stdout.end();
    stderr.end();
  };
  connection.once('end', end).once('close', end).once('error', end);
  return { stdout, stderr };
}

interface Piece {
  readonly isError: boolean;
  readonly bytes: Buffer;
}

/** Frames may come in any pieces; what is there of one is handed on at once. */
class FrameSplitter {
  #header = Buffer.alloc(0);
  #left = 0;
  #isError = false;

  *take(chunk: Buffer): Generator<Piece> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left === 0) {
        const wanted = headerBytes - this.#header.length;
        this.#header = Buffer.concat([this.#header, rest.subarray(0, wanted)]);
        rest = rest.subarray(wanted);
        if (this.#header.length < headerBytes) return;
        this.#isError = this.#header[0] === 2;
        this.#left = this.#header.readUInt32BE(4);
        this.#header = Buffer.alloc(0);
        continue;
      }
      const bytes = rest.subarray(0, this.#left);
      rest = rest.subarray(bytes.length);
      this.#left -= bytes.length;
      yield { isError: this.#isError, bytes };
    }
  }
}
