import {
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import {
  FileProblem,
  type Format,
  type Inserted,
  lineEndOf,
  type NamedEntry,
  type Place,
  positionOf,
} from './format.ts';

/** YAML in blocks: an entry is whole lines of its own, put below those that are there. The library's own output is used for
 * the new lines only; it would lay out the rest anew.
 */
export const yaml: Format = {
  parse: (text) => toValue(text),
  insert(text, place, entry, indent): Inserted {
    const [key] = place.path;
    const eol = lineEndOf(text);
    const root = parse(text).contents;
    if (root !== null && (!isMap(root) || root.flow === true)) throw notInLines(place);
    const pair = root === null ? undefined : findPair(root, key);
    if (pair === undefined) {
      const at = root === null ? text.length : lineAfter(text, endOf(root));
      return {
        text: insertLines(text, at, render({ [key]: held(place, entry) }, indent, 0), eol),
        trace: { depth: 0 },
      };
    }
    const { value } = pair;
    if (isCollection(value) && value.flow !== true && value.items.length > 0) {
      const column = /^ */.exec(text.slice(lineStart(text, startOf(value.items[0]))))?.[0].length ?? 0;
      const lines = render(held(place, entry), indent, column);
      return { text: insertLines(text, lineAfter(text, endOf(value)), lines, eol), trace: { depth: 1 } };
    }
    // `extensions:`, `extensions: {}` or `extensions: null`
    if (!isEmpty(value)) throw notInLines(place);
    const from = valueStart(text, pair);
    const to = Math.max(from, endOf(value));
    const rest = text.slice(0, from) + text.slice(to);
    return {
      text: insertLines(rest, lineAfter(rest, from), render(held(place, entry), indent, indent.length), eol),
      trace: { depth: 1, hollow: { 1: text.slice(from, to) } },
    };
  },
  remove(text, place, name, { trace }) {
    const root = parse(text).contents;
    const pair = isMap(root) ? findPair(root, place.path[0]) : undefined;
    const value = pair?.value;
    if (pair === undefined || !isCollection(value)) return [];
    const [item, count] = [findItem(value, name), value.items.length];
    if (item === undefined) return [];
    if (count === 1 && trace?.depth === 0) return [cutLines(text, startOf(pair), endOf(pair))];
    const rest = cutLines(text, startOf(item), endOf(item));
    if (count > 1) return [rest];
    const before = trace?.hollow?.[1] ?? (place.holds === 'list' ? ' []' : ' {}');
    const at = valueStart(rest, pair);
    return [rest.slice(0, at) + before + rest.slice(at)];
  },
};

/** @throws FileProblem */
function parse(text: string): ReturnType<typeof parseDocument> {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error === undefined) return document;
  const what = error.code.toLowerCase().replaceAll('_', ' ');
  throw new FileProblem(
    `it is no sound YAML (${what}, ${positionOf(text, error.pos[0])})`,
    'Mend the file in an editor, then try again',
    error,
  );
}

/** @throws FileProblem also for aliases that lead nowhere, or to far too much */
function toValue(text: string): unknown {
  try {
    return parse(text).toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new FileProblem(
      `it is no sound YAML (${error.message})`,
      'Mend the file in an editor, then try again',
      error,
    );
  }
}

function notInLines({ path }: Place): FileProblem {
  return new FileProblem(
    `${path.join('.')} is not written as one entry a line`,
    'Write it so, or add the server in the client itself',
  );
}

function held({ holds }: Place, { name, value }: NamedEntry): unknown {
  return holds === 'list' ? [value] : { [name]: value };
}

function render(value: unknown, indent: string, column: number): readonly string[] {
  const text = stringify(value, { indent: indent.length, lineWidth: 0 }).trimEnd();
  return text.split('\n').map((line) => ' '.repeat(column) + line);
}

function findPair(map: YAMLMap, key: string): YAMLMap['items'][number] | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function findItem(value: YAMLMap | YAMLSeq, name: string): unknown {
  if (isMap(value)) return findPair(value, name);
  return isSeq(value) ? value.items.find((item) => isMap(item) && item.get('name') === name) : undefined;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return isCollection(value) ? value.items.length === 0 : isScalar(value) && value.value === null;
}

/** Offset of what was read: [begin, end of the value, end with what follows]. */
function rangeOf(node: unknown): readonly [number, number, number] {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) ? [Number(range[0]), Number(range[1]), Number(range[2])] : [0, 0, 0];
}

function startOf(part: unknown): number {
  return rangeOf(isPair(part) ? part.key : part)[0];
}

/** Where the text of a part ends; blank lines and comments below are nobody's. */
function endOf(part: unknown): number {
  if (isPair(part)) return Math.max(rangeOf(part.key)[1], endOf(part.value));
  const last = isCollection(part) && part.flow !== true ? part.items.at(-1) : undefined;
  return last === undefined ? rangeOf(part)[1] : endOf(last);
}

/** Behind the colon of a key. */
function valueStart(text: string, pair: YAMLMap['items'][number]): number {
  return text.indexOf(':', rangeOf(pair.key)[1]) + 1;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the next line begins; a block scalar ends there already. */
function lineAfter(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
}

function insertLines(text: string, at: number, lines: readonly string[], eol: string): string {
  const isUnended = at === text.length && text !== '' && !text.endsWith('\n');
  if (isUnended) return text + eol + lines.join(eol);
  return text.slice(0, at) + lines.map((line) => line + eol).join('') + text.slice(at);
}

function cutLines(text: string, start: number, end: number): string {
  const from = lineStart(text, start);
  const to = lineAfter(text, end);
  const head = text.slice(0, from);
  const isUnended = to === text.length && !text.endsWith('\n');
  return (isUnended ? head.replace(/\r?\n$/, '') : head) + text.slice(to);
}
