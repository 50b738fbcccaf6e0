import { type AST, getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser';
import { isObject } from '../../lib/is-object.ts';
import { FileProblem, type Format, type Inserted, lineEndOf, type Place, positionOf } from './format.ts';

/** TOML: an entry is a table of its own at the end of the file, where it cannot change what stands before. Codex and Vibe
 * write theirs so, too.
 */
export const toml: Format = {
  parse: (text) => getStaticTOMLValue(parse(text)),
  insert(text, place, { name, value }): Inserted {
    const eol = lineEndOf(text);
    const array = findArray(text, place);
    if (array !== undefined) return insertElement(text, array, inline(value));
    const joint = text === '' || /(?:^|\n)\r?\n$/.test(text) ? '' : text.endsWith('\n') ? eol : eol + eol;
    const path = place.path.map(keyOf).join('.');
    const head = place.holds === 'list' ? `[[${path}]]` : `[${path}.${keyOf(name)}]`;
    const lines = Object.entries(isObject(value) ? value : {}).map(([key, item]) => `${keyOf(key)} = ${inline(item)}`);
    return { text: `${text}${joint}${[head, ...lines].join(eol)}${eol}`, trace: {}, joint };
  },
  remove(text, place, name, { trace, joint }) {
    const array = findArray(text, place);
    if (array !== undefined) return cutElement(text, array, name, trace?.hollow?.['0']);
    const tables = tablesOf(text, place, name).toReversed();
    const cutAll = (space: string): string =>
      tables.reduce((rest, { range: [start, end] }) => {
        const from = rest.slice(0, start).endsWith(space) ? start - space.length : start;
        const lineEnd = rest.indexOf('\n', end);
        return rest.slice(0, from) + (lineEnd < 0 ? '' : rest.slice(lineEnd + 1));
      }, text);
    return tables.length === 0 ? [] : [cutAll(joint ?? ''), cutAll('')];
  },
};

/** @throws FileProblem */
function parse(text: string): AST.TOMLProgram {
  try {
    return parseTOML(text, { tomlVersion: '1.1' });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new FileProblem(
      `it is no sound TOML (${error.message.toLowerCase()}, ${positionOf(text, error.index)})`,
      'Mend the file in an editor, then try again',
      error,
    );
  }
}

/** The tables of an entry: its own and those below it. */
function tablesOf(text: string, { path, holds }: Place, name: string): readonly AST.TOMLTable[] {
  const program = parse(text);
  const list = holds === 'list' ? path.reduce<unknown>(step, getStaticTOMLValue(program)) : undefined;
  const index = Array.isArray(list) ? list.findIndex((item: unknown) => isObject(item) && item['name'] === name) : -1;
  const wanted = [...path, holds === 'list' ? index : name];
  return program.body[0].body.filter(
    (part): part is AST.TOMLTable =>
      part.type === 'TOMLTable' && wanted.every((key, position) => part.resolvedKey[position] === key),
  );
}

function step(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

/** `mcp_servers = […]`, where it is written so. */
function findArray(text: string, { path }: Place): AST.TOMLArray | undefined {
  const pair = parse(text).body[0].body.find(
    (part): part is AST.TOMLKeyValue =>
      part.type === 'TOMLKeyValue' &&
      part.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value)).join('\n') === path.join('\n'),
  );
  return pair?.value.type === 'TOMLArray' ? pair.value : undefined;
}

function insertElement(text: string, { elements, range: [start, end] }: AST.TOMLArray, element: string): Inserted {
  const last = elements.at(-1);
  if (last !== undefined) {
    const at = last.range[1];
    return { text: `${text.slice(0, at)}, ${element}${text.slice(at)}`, trace: {} };
  }
  const trace = { hollow: { 0: text.slice(start, end) } };
  return { text: `${text.slice(0, start)}[${element}]${text.slice(end)}`, trace };
}

function cutElement(text: string, array: AST.TOMLArray, name: string, hollow = '[]'): readonly string[] {
  const { elements } = array;
  const values: unknown = getStaticTOMLValue(array);
  const index = Array.isArray(values) ? values.findIndex((item: unknown) => step(item, 'name') === name) : -1;
  const [element, next, previous] = [elements[index], elements[index + 1], elements[index - 1]];
  if (element === undefined) return [];
  if (next !== undefined) return [text.slice(0, element.range[0]) + text.slice(next.range[0])];
  if (previous !== undefined) return [text.slice(0, previous.range[1]) + text.slice(element.range[1])];
  return [text.slice(0, array.range[0]) + hollow + text.slice(array.range[1])];
}

function keyOf(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

/** A value on one line. Strings of JSON are strings of TOML but for U+007F, which TOML wants escaped. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value).replaceAll('\u007F', '\\u007F');
  const pairs = Object.entries(value).map(([key, item]) => `${keyOf(key)} = ${inline(item)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}
