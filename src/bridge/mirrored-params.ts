import { decodeHeaderText } from '../lib/decode-header-text.ts';
import { findJsonValues } from '../lib/find-json-values.ts';
import { isObject } from '../lib/is-object.ts';
import { parseJson } from '../lib/parse-json.ts';

/** A parameter of a tool that callers repeat in a header (MCP 2026-07-28, Streamable HTTP, custom headers from tool parameters). */
export interface MirroredParam {
  /** In lower case, with its prefix. */
  readonly header: string;
  /** Keys from `arguments` inwards. */
  readonly path: readonly string[];
  readonly isInteger: boolean;
}

const prefix = 'mcp-param-';
/** Nobody nests parameters so deep; a schema may not be deeper than the stack. */
const deepest = 32;
const mostParams = 100;
const types: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);
/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Which parameters a tool wants repeated. None where one of them is declared as none may be: clients leave such tools out. */
export function readMirroredParams(inputSchema: unknown): readonly MirroredParam[] {
  const found: MirroredParam[] = [];
  const isGood = collect(inputSchema, [], found);
  const isUnique = new Set(found.map(({ header }) => header)).size === found.length;
  return isGood && isUnique && found.length <= mostParams ? found : [];
}

function collect(schema: unknown, path: readonly string[], found: MirroredParam[]): boolean {
  if (!isObject(schema) || path.length > deepest) return true;
  const name = schema['x-mcp-header'];
  if (name !== undefined) {
    if (path.length === 0 || typeof name !== 'string' || !token.test(name) || !types.has(schema['type'])) return false;
    found.push({ header: prefix + name.toLowerCase(), path, isInteger: schema['type'] === 'integer' });
  }
  const { properties } = schema;
  return (
    !isObject(properties) || Object.entries(properties).every(([key, inner]) => collect(inner, [...path, key], found))
  );
}

/** Compares what a call says in its headers with its arguments.
 * @param text of the call
 * @param headers name, value, … in lower case
 * @returns what is wrong, as a clause
 */
export function findMismatch(
  params: readonly MirroredParam[],
  text: string,
  headers: readonly string[],
): string | undefined {
  const spans = findJsonValues(
    text,
    params.map(({ path }) => ['params', 'arguments', ...path]),
  );
  for (const [index, param] of params.entries()) {
    const span = spans[index];
    const problem = span === undefined ? undefined : compare(param, text.slice(span.from, span.to), headers);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** A value that is not there, or null, needs no header; one that is neither text, number nor true or false has none. */
function compare(
  { header, isInteger }: MirroredParam,
  written: string,
  headers: readonly string[],
): string | undefined {
  if (/^(?:null$|[[{])/.test(written)) return undefined;
  const sent = headers.filter((_, index) => index % 2 === 1 && headers[index - 1] === header);
  const [value, second] = sent;
  if (value === undefined) return `${header} is missing, and the call has the parameter`;
  if (second !== undefined) return `${header} stands there more than once`;
  const said = readText(value.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
  if (said === undefined) return `${header} has a value that cannot be read`;
  if (said === textOf(written) || (isInteger && isSameNumber(said, written))) return undefined;
  return `${header} says something else than the parameter`;
}

/** What a parameter is in a header: text as it is, all else as it is written in JSON. */
function textOf(written: string): string {
  const value = written.startsWith('"') ? parseJson(written) : undefined;
  return typeof value === 'string' ? value : written;
}

/** 42 and 42.0 are the same; digits that JavaScript has not count. */
function isSameNumber(said: string, written: string): boolean {
  const [one, other] = [said, written].map((text) => /^(-?\d+)(?:\.0+)?$/.exec(text)?.[1]);
  return one !== undefined && other !== undefined && BigInt(one) === BigInt(other);
}

/** Undefined for what has characters that cannot stand in a header, or is said to be base64 and is not. */
function readText(value: string): string | undefined {
  const text = decodeHeaderText(value);
  return text === value && !/^[\t\x20-\x7e]*$/.test(value) ? undefined : text;
}
