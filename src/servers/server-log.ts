import { open, type FileHandle, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { rotated, type RotatingFileOptions } from '../lib/rotating-file.ts';

/** How large the log of a server may grow, and how much of it is kept: thirty megabytes at most. */
export const logBounds: RotatingFileOptions = { limitBytes: 5 * 1024 * 1024, keep: 5 };

const pollMs = 200;
const chunkBytes = 64 * 1024;
const newline = 0x0a;

/** The last lines of a log, over the files it was put aside into; fewer where there are no more. */
export async function readLastLines(path: string, count: number): Promise<readonly string[]> {
  const file = await open(path).catch(() => undefined);
  try {
    return await readBack(path, count, file && { file, end: (await file.stat()).size });
  } finally {
    await file?.close();
  }
}

/** The last lines of a log, and what is appended to it from then on, over the moments in which it is put aside, until the
 * signal aborts: texts of whole lines, each line once.
 */
export async function* followLog(path: string, count: number, signal: AbortSignal): AsyncGenerator<string> {
  let file = await open(path).catch(() => undefined);
  try {
    // Both begin at the same place of the same file, whatever is written meanwhile.
    let position = file === undefined ? 0 : await findLastBreak(file);
    const last = await readBack(path, count, file && { file, end: position });
    if (last.length > 0) yield `${last.join('\n')}\n`;
    const seen = new Seen(await identifyAll(path));
    while (!signal.aborted) {
      if (file !== undefined) {
        // Somebody emptied it.
        if ((await file.stat()).size < position) position = 0;
        for await (const bytes of readOn(file, position)) {
          position += bytes.length;
          yield bytes.toString('utf8');
        }
      }
      const next = await findNext(path, { file, seen });
      if (next === undefined) {
        await sleep(pollMs, undefined, { signal }).catch(() => {});
        continue;
      }
      try {
        // Once more: something may have been written before it was put aside. Nothing is any more.
        if (file !== undefined) for await (const bytes of readOn(file, position, true)) yield bytes.toString('utf8');
        if (next.isMissing) yield 'Lines are missing here: the log was put aside faster than it was read\n';
      } finally {
        await file?.close();
        ({ file } = next);
        position = 0;
      }
    }
  } finally {
    await file?.close();
  }
}

/** @param from where the youngest file is read up to; undefined when there is none */
async function readBack(
  path: string,
  count: number,
  from: { readonly file: FileHandle; readonly end: number } | undefined,
): Promise<readonly string[]> {
  if (from === undefined) return [];
  let lines = await readEnd(from.file, from.end, count);
  const read = new Set([await identify(from.file)]);
  for (let index = 1; index <= logBounds.keep && lines.length < count; index += 1) {
    const file = await open(rotated(path, index)).catch(() => undefined);
    if (file === undefined) break;
    try {
      // One that was put aside since it was read stands one further now.
      const id = await identify(file);
      if (!read.has(id)) lines = [...(await readEnd(file, (await file.stat()).size, count - lines.length)), ...lines];
      read.add(id);
    } finally {
      await file.close();
    }
  }
  return lines;
}

/** The last lines of one file before a place, read from there. */
async function readEnd(file: FileHandle, end: number, count: number): Promise<string[]> {
  if (count === 0) return [];
  let [start, bytes] = [end, Buffer.alloc(0)];
  let breaks = 0;
  while (start > 0 && breaks <= count) {
    const length = Math.min(chunkBytes, start);
    start -= length;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, start);
    for (const byte of buffer) if (byte === newline) breaks += 1;
    bytes = Buffer.concat([buffer, bytes]);
  }
  const lines = bytes.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.slice(-count);
}

/** Where the last whole line ends: who writes may be in the middle of one. */
async function findLastBreak(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - chunkBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(newline);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/** The rest of a file, in parts that end with a line.
 * @param isFinal nothing is appended to it any more: what has no end is a line, too
 */
async function* readOn(file: FileHandle, from: number, isFinal = false): AsyncGenerator<Buffer> {
  let [position, rest] = [from, Buffer.alloc(0)];
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    const end = bytes.lastIndexOf(newline) + 1;
    rest = bytes.subarray(end);
    if (end > 0) yield bytes.subarray(0, end);
  }
  if (isFinal && rest.length > 0) yield Buffer.concat([rest, Buffer.from('\n')]);
}

/** Files that came before the one that is read. */
class Seen {
  older: ReadonlySet<string>;

  /** @param ids of all files there are, the youngest first */
  constructor(ids: readonly (string | undefined)[]) {
    this.older = new Set(ids.slice(1).filter((id) => id !== undefined));
  }
}

interface Next {
  readonly file: FileHandle;
  /** Was one put aside and thrown away before it was read? */
  readonly isMissing: boolean;
}

/** The file that was begun after the one that is read: the log itself, or one that has been put aside since. Undefined while
 * there is none, and in the moment in which files get other names.
 */
async function findNext(
  path: string,
  { file, seen }: { readonly file: FileHandle | undefined; readonly seen: Seen },
): Promise<Next | undefined> {
  const ids = await identifyAll(path);
  const at = file === undefined ? -1 : ids.indexOf(await identify(file));
  if (at >= 0) seen.older = new Set(ids.slice(at + 1).filter((id) => id !== undefined));
  if (at === 0) return undefined;
  if (at > 0) {
    const id = ids[at - 1];
    return id === undefined ? undefined : await openAs(rotated(path, at - 1), id, false);
  }
  // It has no name any more: thrown away, by the limit or by somebody. The oldest that was not there before comes next.
  if (file !== undefined && (await file.stat()).nlink > 0) return undefined;
  const next = ids.findLastIndex((id) => id !== undefined && !seen.older.has(id));
  const id = ids[next];
  return id === undefined
    ? undefined
    : await openAs(rotated(path, next), id, file !== undefined && next === logBounds.keep);
}

async function openAs(path: string, id: string, isMissing: boolean): Promise<Next | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  if ((await identify(file)) === id) return { file, isMissing };
  await file.close();
  return undefined;
}

function identifyAll(path: string): Promise<readonly (string | undefined)[]> {
  return Promise.all(Array.from({ length: logBounds.keep + 1 }, (_, index) => identify(rotated(path, index))));
}

/** What tells a file from others, whatever it is called; a number of a file that is gone is given out anew. */
async function identify(file: FileHandle | string): Promise<string | undefined> {
  const found = await (typeof file === 'string' ? stat(file).catch(() => undefined) : file.stat());
  return found === undefined ? undefined : `${found.ino} ${found.birthtimeMs}`;
}
