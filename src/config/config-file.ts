import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Range } from 'yaml';
import { isTree, setOwn, type Tree } from './path.ts';
import type { Problem } from './source.ts';

const largestFileBytes = 1024 * 1024;

/** A YAML configuration file, read but not yet checked against the schema. */
export interface ConfigFile {
  /** As the operator named it. */
  readonly name: string;
  /** Absolute; paths in the file are relative to it. */
  readonly folder: string;
  readonly tree: Tree;
  /** `usher.yaml:12:5` of what stands at a path, or of the nearest thing around it. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
  readonly problems: readonly Problem[];
}

/** Reads a YAML file (or JSON, which is YAML). Never throws: what is wrong is in `problems`. */
export function readConfigFile(name: string): ConfigFile {
  const folder = dirname(resolve(name));
  const failed = (what: string): ConfigFile => ({
    name,
    folder,
    tree: {},
    placeOf: () => name,
    problems: [{ where: name, what }],
  });
  let text: string;
  try {
    const { size } = statSync(name);
    if (size > largestFileBytes)
      return failed(`is ${size} bytes long, expected at most ${largestFileBytes}; is it the right file?`);
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(name));
  } catch (error) {
    return failed(fileProblem(error));
  }
  return parseConfig(text, { name, folder, failed });
}

/** Why a file could not be read, for people. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'cannot be read: there is no such file; check the path';
  if (code === 'EACCES' || code === 'EPERM')
    return 'cannot be read: permission denied; let the user Usher runs as read it';
  if (code === 'EISDIR') return 'cannot be read: it is a folder, expected a file';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'cannot be read: it is not UTF-8 text';
  return `cannot be read: ${typeof code === 'string' ? code : 'unknown reason'}`;
}

interface Origin {
  readonly name: string;
  readonly folder: string;
  readonly failed: (what: string) => ConfigFile;
}

const mostSyntaxProblems = 5;

function parseConfig(text: string, { name, folder, failed }: Origin): ConfigFile {
  const lines = new LineCounter();
  const placeAt = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  // prettyErrors would quote the line, and warnings on stderr a key; either may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const broken = [...document.errors, ...document.warnings].map((error) => ({
    where: placeAt(error.pos[0]),
    what: `is not YAML that can be used: ${sentence(error.message)}`,
  }));
  // After the first ones the rest follows from them: of another kind of file every word would be one.
  if (broken.length > 0) return { ...failed(''), problems: broken.slice(0, mostSyntaxProblems) };

  let tree: unknown;
  try {
    tree = unshare(document.toJS({ maxAliasCount: 100 }));
  } catch {
    return failed(
      'is not YAML that can be used: it is nested too deeply, or its aliases refer to each other too often',
    );
  }
  if (tree === null || tree === undefined) return failed('is empty; expected at least servers:');
  if (!isTree(tree)) return failed('is not a group of settings; expected keys such as servers: at the top level');
  return {
    name,
    folder,
    tree,
    problems: [],
    placeOf: (path) =>
      placeAt(findOffset(document.contents, path, (node) => (isAlias(node) ? node.resolve(document) : node))),
  };
}

const deepestTree = 50;

/** Copies what aliases point to, so that a change to one place (by a flag, a variable) does not change the others.
 * @throws RangeError when something holds itself
 */
function unshare(value: unknown, depth = 0): unknown {
  if (depth > deepestTree) throw new RangeError('too deep');
  if (Array.isArray(value)) return value.map((item) => unshare(item, depth + 1));
  if (!isTree(value)) return value;
  const copy: Tree = {};
  for (const [key, inner] of Object.entries(value)) setOwn(copy, key, unshare(inner, depth + 1));
  return copy;
}

/** Messages of the parser that repeat what stands in the file are cut before that. */
function sentence(message: string): string {
  return message.replace(/(: |, got |["'`]).*$/s, '').trim() || 'unexpected text';
}

function findOffset(root: Node | null, path: readonly PropertyKey[], follow: (node: Node) => Node | undefined): number {
  let offset = startOf(root?.range) ?? 0;
  let node: Node | null | undefined = root;
  for (const segment of path) {
    node = node === null || node === undefined ? undefined : follow(node);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? (startOf(pair.key.range) ?? offset) : offset;
      node = asNode(pair.value);
    } else if (isSeq(node) && typeof segment === 'number') {
      node = asNode(node.items[segment]);
      if (node === undefined) break;
      offset = startOf(node.range) ?? offset;
    } else break;
  }
  return offset;
}

function asNode(value: unknown): Node | undefined {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : undefined;
}

function startOf(range: Range | null | undefined): number | undefined {
  return range?.[0];
}
