import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import {
  FileProblem,
  type FileValue,
  type Format,
  type Inserted,
  lineEndOf,
  positionOf,
  type Trace,
} from './format.ts';

/** JSON as these clients read it: comments and commas at the end are taken. Read by VS Code's own parser; what is written
 * is inserted or cut out, so that every other byte stays.
 */
export const json: Format = {
  parse: (text) => (isBlank(text) ? {} : valueOf(parseRoot(text))),
  insert(text, { path }, { name, value }, indent): Inserted {
    if (isBlank(text)) {
      const eol = lineEndOf(text);
      return {
        text: `${setIn('{}', [...path, name], value, { indent, eol })}${eol}`,
        trace: { blank: text, depth: 0 },
      };
    }
    const trace = traceOf(text, path);
    return {
      text: setIn(text, [...path, name], value, { indent: indentOf(text) ?? indent, eol: lineEndOf(text) }),
      trace,
    };
  },
  remove(text, { path }, name, { trace }) {
    return ['all', 'line', 'none'].map((space) => {
      const rest = cut(text, [...path, name], trace ?? {}, space);
      return trace?.blank !== undefined && squeeze(rest) === '{}' ? trace.blank : rest;
    });
  },
};

interface Layout {
  readonly indent: string;
  readonly eol: string;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** @throws FileProblem */
function parseRoot(text: string): Node {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined || root === undefined) {
    const name = error === undefined ? 'Nothing' : printParseErrorCode(error.error);
    const what = name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`);
    throw new FileProblem(
      `it is no sound JSON (${what.toLowerCase()}, ${positionOf(text, error?.offset ?? 0)})`,
      'Mend the file in an editor, then try again',
    );
  }
  return root;
}

/** As JSON.parse has it, but no key can reach a prototype. */
function valueOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(valueOf);
  if (node.type !== 'object') return node.value;
  return Object.fromEntries(propertiesOf(node).map(({ key, value }) => [key, valueOf(value)]));
}

interface Property {
  readonly key: string;
  readonly node: Node;
  readonly value: Node;
}

function propertiesOf(object: Node): readonly Property[] {
  return (object.children ?? []).flatMap((node) => {
    const [key, value] = node.children ?? [];
    return key === undefined || value === undefined ? [] : [{ key: String(key.value), node, value }];
  });
}

/** The value at a key. Readers differ on which of two equal keys counts, so that there must be one.
 * @throws FileProblem when the key stands twice
 */
function findProperty(object: Node, key: string): Property | undefined {
  const [found, second] = propertiesOf(object).filter((property) => property.key === key);
  if (second !== undefined) {
    throw new FileProblem(`it has the key ${JSON.stringify(key)} twice`, 'Remove one of them, then try again');
  }
  return found;
}

/** The objects along a path, as far as they are there.
 * @throws FileProblem when something else stands there
 */
function walk(text: string, path: readonly string[]): readonly Node[] {
  const objects = [parseRoot(text)];
  for (const [index, key] of path.entries()) {
    const value = findProperty(requireObject(objects[index], path.slice(0, index)), key)?.value;
    if (value === undefined) return objects;
    objects.push(requireObject(value, path.slice(0, index + 1)));
  }
  return objects;
}

function requireObject(node: Node | undefined, path: readonly string[]): Node {
  if (node?.type === 'object') return node;
  const what = path.length === 0 ? 'what it holds' : path.map((key) => JSON.stringify(key)).join('.');
  throw new FileProblem(`${what} is no object in braces`, 'Mend the file in an editor, then try again');
}

function traceOf(text: string, path: readonly string[]): Trace {
  const objects = walk(text, path);
  const hollow = objects.flatMap((node, depth) =>
    propertiesOf(node).length === 0 ? [[depth, text.slice(node.offset, node.offset + node.length)] as const] : [],
  );
  return { depth: objects.length - 1, hollow: Object.fromEntries(hollow) };
}

/** Sets a key that is not there yet, with the objects that lead to it. */
function setIn(text: string, path: readonly string[], value: FileValue, layout: Layout): string {
  const objects = walk(text, path.slice(0, -1));
  const object = requireObject(objects.at(-1), path);
  const [key = '', ...rest] = path.slice(objects.length - 1);
  const nested = rest.reduceRight<FileValue>((inner, name) => ({ [name]: inner }), value);
  return insertProperty(text, object, { key, value: nested }, layout);
}

function insertProperty(
  text: string,
  object: Node,
  { key, value }: { key: string; value: FileValue },
  { indent, eol }: Layout,
): string {
  const close = object.offset + object.length - 1;
  const content = text.slice(0, close).trimEnd().length;
  const last = propertiesOf(object).at(-1)?.node;
  const hasBreak = text.slice(object.offset, close).includes('\n');
  const isInline = !hasBreak && (last === undefined ? !text.trim().includes('\n') && text.trim() !== '{}' : true);
  const outer = lineIndent(text, object.offset);
  const inner = last !== undefined && beginsLine(text, last.offset) ? lineIndent(text, last.offset) : outer + indent;
  const written = isInline
    ? `${JSON.stringify(key)}:${JSON.stringify(value)}`
    : `${JSON.stringify(key)}: ${JSON.stringify(value, undefined, indent).replaceAll('\n', eol + inner)}`;
  const before = isInline ? '' : eol + inner;
  if (last === undefined) {
    const after = isInline || text.slice(content, close).includes('\n') ? '' : eol + outer;
    return `${text.slice(0, content)}${before}${written}${after}${text.slice(content)}`;
  }
  const end = last.offset + last.length;
  // Who ends the last line with a comma gets one, too.
  if (findComma(text, end) !== undefined) {
    return `${text.slice(0, content)}${before}${written},${text.slice(content)}`;
  }
  return `${text.slice(0, end)},${text.slice(end, content)}${before}${written}${text.slice(content)}`;
}

/** Cuts a key out, and what was made for it. */
function cut(text: string, path: readonly string[], trace: Trace, space: string): string {
  const parentPath = path.slice(0, -1);
  const parent = walk(text, parentPath).at(parentPath.length);
  const property = parent === undefined ? undefined : findProperty(parent, path.at(-1) ?? '');
  if (parent === undefined || property === undefined) return text;
  const rest = cutProperty(text, parent, property.node, space);
  const left = walk(rest, parentPath).at(parentPath.length);
  if (left === undefined || propertiesOf(left).length > 0) return rest;
  const [from, to] = [left.offset, left.offset + left.length];
  const isMade = trace.depth !== undefined && parentPath.length > trace.depth;
  const hasComment = rest.slice(from + 1, to - 1).trim() !== '';
  if (isMade && !hasComment) return cut(rest, parentPath, trace, space);
  const before = trace.hollow?.[parentPath.length];
  if (before === undefined || squeeze(before) !== squeeze(rest.slice(from, to))) return rest;
  return rest.slice(0, from) + before + rest.slice(to);
}

function cutProperty(text: string, parent: Node, node: Node, space: string): string {
  const end = node.offset + node.length;
  const siblings = propertiesOf(parent).map((property) => property.node);
  const previous = siblings[siblings.indexOf(node) - 1];
  const comma = findComma(text, end);
  const start = startOf(text, node.offset, space);
  if (comma !== undefined) return text.slice(0, start) + text.slice(end, comma) + text.slice(comma + 1);
  const earlier = previous === undefined ? undefined : findComma(text, previous.offset + previous.length);
  if (earlier === undefined || earlier >= start) return text.slice(0, start) + text.slice(end);
  return text.slice(0, earlier) + text.slice(earlier + 1, start) + text.slice(end);
}

/** From where to cut: with all space before it, back to the line end before it, or just it. */
function startOf(text: string, offset: number, space: string): number {
  if (space === 'none') return offset;
  const all = text.slice(0, offset).trimEnd().length;
  const lineEnd = text.indexOf('\n', all);
  return space === 'all' || lineEnd < 0 || lineEnd >= offset ? all : lineEnd + 1;
}

/** The comma that follows, comments aside. */
function findComma(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  return text[scanner.getTokenOffset()] === ',' ? scanner.getTokenOffset() : undefined;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function beginsLine(text: string, offset: number): boolean {
  return text.slice(lineStart(text, offset), offset).trim() === '';
}

function lineIndent(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? '';
}

/** What the first indented line is set off by. */
function indentOf(text: string): string | undefined {
  return /\n([ \t]+)"/.exec(text)?.[1];
}

function squeeze(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
