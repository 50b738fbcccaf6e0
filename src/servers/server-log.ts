import { open, type FileHandle, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { rotated, type RotatingFileOptions } from '../lib/rotating-file.ts';

/** How large the log of a server may grow, and how much of it is kept: thirty megabytes at most. */
export const logBounds: RotatingFileOptions = { limitBytes: 5 * 1024 * 1024, keep: 5 };

const pollMs = 200;
const chunkBytes = 64 * 1024;

/** The last lines of a log, over the files it was put aside into; fewer where there are no more. */
export async function readLastLines(path: string, count: number): Promise<readonly string[]> {
  let lines: string[] = [];
  for (let index = 0; index <= logBounds.keep && lines.length < count; index += 1) {
    const text = await readEnd(rotated(path, index), count - lines.length);
    if (text === undefined) break;
    lines = [...text, ...lines];
  }
  return lines;
}

/** The last lines of one file, read from its end; undefined when it is not there. */
async function readEnd(path: string, count: number): Promise<string[] | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    let [start, bytes] = [size, Buffer.alloc(0)];
    let breaks = 0;
    while (start > 0 && breaks <= count) {
      const length = Math.min(chunkBytes, start);
      start -= length;
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, start);
      for (const byte of buffer) if (byte === 0x0a) breaks += 1;
      bytes = Buffer.concat([buffer, bytes]);
    }
    const lines = bytes.toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-count);
  } finally {
    await file.close();
  }
}

/** What is appended to a log from now on, over the moments in which it is put aside, until the signal aborts. */
export async function* followLog(path: string, signal: AbortSignal): AsyncGenerator<string> {
  let file = await open(path).catch(() => undefined);
  let position = file === undefined ? 0 : (await file.stat()).size;
  try {
    while (!signal.aborted) {
      if (file !== undefined) {
        for await (const bytes of readOn(file, position)) {
          position += bytes.length;
          yield bytes.toString('utf8');
        }
      }
      const next = await findNext(path, file);
      if (next === undefined) {
        await sleep(pollMs, undefined, { signal }).catch(() => {});
        continue;
      }
      // Once more: something may have been written before it was put aside.
      if (file !== undefined) for await (const bytes of readOn(file, position)) yield bytes.toString('utf8');
      await file?.close();
      file = await open(next).catch(() => undefined);
      position = 0;
    }
  } finally {
    await file?.close();
  }
}

/** The rest of a file, in parts that end with a line. */
async function* readOn(file: FileHandle, from: number): AsyncGenerator<Buffer> {
  let position = from;
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return;
    const bytes = buffer.subarray(0, bytesRead);
    const end = bytes.lastIndexOf(0x0a) + 1;
    // A line longer than the chunk is passed on in parts.
    const whole = end === 0 && bytesRead < chunkBytes ? 0 : end === 0 ? bytesRead : end;
    if (whole === 0) return;
    position += whole;
    yield bytes.subarray(0, whole);
  }
}

/** The file that was begun after the one that is read: the log itself, or one that has been put aside since. */
async function findNext(path: string, file: FileHandle | undefined): Promise<string | undefined> {
  const current = await file?.stat();
  const numbers = await Promise.all(
    Array.from(
      { length: logBounds.keep + 1 },
      async (_, index) => (await stat(rotated(path, index)).catch(() => undefined))?.ino,
    ),
  );
  if (current === undefined) return numbers[0] === undefined ? undefined : path;
  const at = numbers.indexOf(current.ino);
  if (at === 0) return undefined;
  // Put aside so often that it is not kept any more: the oldest there is comes next.
  if (at < 0) {
    const oldest = numbers.findLastIndex((number) => number !== undefined);
    return oldest < 0 ? undefined : rotated(path, oldest);
  }
  return numbers[at - 1] === undefined ? undefined : rotated(path, at - 1);
}
