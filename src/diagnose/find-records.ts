import { open, readFile, type FileHandle } from 'node:fs/promises';
import { parseJson } from '../lib/parse-json.ts';
import { isObject } from '../lib/is-object.ts';
import type { AuditRecord } from '../model/audit-record.ts';

const lineFeed = 0x0a;
const usualChunkBytes = 4 * 1024 * 1024;
/** A record is a line to read; whatever is longer is none. */
const longestLineBytes = 1024 * 1024;

/** Finds the records of one decision in an audit file, however large it is: from its end, a piece at a time, since what is
 * asked about is mostly recent. A batch has several, one after another.
 * @returns in the order of the file; empty when there is none
 * @throws Error of the file system
 */
export async function findRecords(
  path: string,
  id: string,
  chunkBytes = usualChunkBytes,
): Promise<readonly AuditRecord[]> {
  const file = await open(path, 'r');
  try {
    // Node's own spelling of it, as the sink writes it; what callers choose has its quotes escaped.
    const mark = Buffer.from(`"id":${JSON.stringify(id)}`);
    let end = (await file.stat()).size;
    while (end > 0) {
      const start = Math.max(0, end - chunkBytes);
      const bytes = await read(file, start, Math.min(end + mark.length, (await file.stat()).size));
      for (let at = bytes.lastIndexOf(mark); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(mark, at - 1)) {
        const last = await readLine(file, start + at);
        const record = last === undefined ? undefined : parseRecord(last.text, id);
        if (last !== undefined && record !== undefined) return [...(await readEarlier(file, last.start, id)), record];
      }
      end = start;
    }
    return [];
  } finally {
    await file.close();
  }
}

interface Line {
  readonly start: number;
  readonly text: string;
}

async function read(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(end - start);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
  return bytes.subarray(0, bytesRead);
}

/** The line that a byte stands in; undefined when it is too long to be a record. */
async function readLine(file: FileHandle, at: number): Promise<Line | undefined> {
  const from = Math.max(0, at - longestLineBytes);
  const before = await read(file, from, at);
  const previous = before.lastIndexOf(lineFeed);
  if (previous < 0 && from > 0) return undefined;
  const start = previous < 0 ? 0 : from + previous + 1;
  const rest = await read(file, start, start + longestLineBytes);
  const next = rest.indexOf(lineFeed);
  if (next < 0 && rest.length === longestLineBytes) return undefined;
  return { start, text: rest.subarray(0, next < 0 ? rest.length : next).toString() };
}

/** The other messages of a batch: their records stand right before. */
async function readEarlier(file: FileHandle, start: number, id: string): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (let next = start; next > 0;) {
    const line = await readLine(file, next - 1);
    const record = line === undefined ? undefined : parseRecord(line.text, id);
    if (line === undefined || record === undefined) break;
    records.unshift(record);
    next = line.start;
  }
  return records;
}

/** The record a line is, when it is of this id. What was written by Usher has the form it writes. */
function parseRecord(text: string, id: string): AuditRecord | undefined {
  const value = parseJson(text);
  return isRecord(value) && value.id === id ? value : undefined;
}

/** Every record of a short file, in its order; lines that are none are left out.
 * @throws Error of the file system
 */
export async function readRecords(path: string): Promise<readonly AuditRecord[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.map(parseJson).filter(isRecord);
}

function isRecord(value: unknown): value is AuditRecord {
  return (
    isObject(value) &&
    value['v'] === 1 &&
    typeof value['time'] === 'string' &&
    typeof value['decision'] === 'string' &&
    typeof value['reason'] === 'string' &&
    isObject(value['who']) &&
    isObject(value['what']) &&
    isObject(value['ms']) &&
    ['caller', 'exchanged', 'details'].every((name) => value[name] === undefined || isObject(value[name]))
  );
}
