/** Where a value stands in a JSON text: from its first character to behind its last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Finds values in a JSON object by their path, so that one can be put in another's place and every other byte stays as it
 * was: numbers keep digits that JavaScript has not. Of a key that stands twice the last counts, as for JSON.parse.
 *
 * @param text valid JSON
 * @param paths keys from the outermost object inwards
 * @returns a span for each path, in order; undefined where there is none
 */
export function findJsonValues(text: string, paths: readonly (readonly string[])[]): readonly (Span | undefined)[] {
  const found = paths.map((): Span | undefined => undefined);
  const wanted = paths.map((keys, index) => ({ keys, index }));
  new Walk(text, found).object(skipSpace(text, 0), wanted);
  return found;
}

/** The values of a JSON list, as they are written there.
 *
 * @param text valid JSON whose outermost value is a list
 */
export function splitJsonList(text: string): readonly string[] {
  const items: string[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (at < text.length && text[at] !== ']') {
    const to = endOfValue(text, at);
    items.push(text.slice(at, to));
    at = skipSpace(text, to);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return items;
}

/** Puts other texts in place of some values.
 * @param changes may be in any order; those without a span are left out
 */
export function replaceSpans(
  text: string,
  changes: readonly { readonly span: Span | undefined; readonly by: string }[],
): string {
  let result = '';
  let at = 0;
  const present = changes.flatMap(({ span, by }) => (span === undefined ? [] : [{ ...span, by }]));
  for (const { from, to, by } of present.toSorted((one, other) => one.from - other.from)) {
    result += text.slice(at, from) + by;
    at = to;
  }
  return result + text.slice(at);
}

interface Wanted {
  readonly keys: readonly string[];
  readonly index: number;
}

class Walk {
  readonly #text: string;
  readonly #found: (Span | undefined)[];

  constructor(text: string, found: (Span | undefined)[]) {
    this.#text = text;
    this.#found = found;
  }

  /** Walks over a value that begins here; returns where it ends. */
  object(start: number, wanted: readonly Wanted[]): number {
    const text = this.#text;
    if (text[start] !== '{') return endOfValue(text, start);
    let at = skipSpace(text, start + 1);
    while (at < text.length && text[at] !== '}') {
      const endOfKey = endOfString(text, at);
      const inner = wanted.length === 0 ? wanted : this.#under(text.slice(at, endOfKey), wanted);
      const from = skipSpace(text, skipSpace(text, endOfKey) + 1);
      const to = inner.some(({ keys }) => keys.length > 0) ? this.object(from, inner) : endOfValue(text, from);
      for (const { keys, index } of inner) if (keys.length === 0) this.#found[index] = { from, to };
      at = skipSpace(text, to);
      if (text[at] === ',') at = skipSpace(text, at + 1);
    }
    return at + 1;
  }

  /** What is wanted under a key; what was found under the same key before does not count. */
  #under(quoted: string, wanted: readonly Wanted[]): readonly Wanted[] {
    const key: unknown = quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1);
    const inner = wanted.filter(({ keys }) => keys[0] === key);
    for (const { index } of inner) this.#found[index] = undefined;
    return inner.map(({ keys, index }) => ({ keys: keys.slice(1), index }));
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at += 1) {
    at = text.indexOf('"', at);
    if (at === -1) return text.length;
    let slashes = 0;
    while (text[at - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
}

function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const one = text[at];
    if (one === '"') {
      at = endOfString(text, at) - 1;
      if (depth === 0) return at + 1;
    } else if (one === '{' || one === '[') depth += 1;
    else if (one === '}' || one === ']') {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (one === ',' || text.charCodeAt(at) <= 0x20)) return at;
  }
  return text.length;
}
