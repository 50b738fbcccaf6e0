import type { z } from 'zod';
import { findClosest } from '../lib/closest.ts';
import type { Draft } from './draft.ts';
import { isOf, type Leaf, leaves, type Segment, workloadLeaf } from './leaves.ts';
import { needsCallerToken } from './needs-caller-token.ts';
import { formatPath, plainPath, valueAt } from './path.ts';
import { quote } from './quote.ts';
import { keysAt } from './schema-at.ts';
import { formatSource, type Problem } from './source.ts';
import { expected, oneOf } from './text-value.ts';

type Issue = z.core.$ZodIssue;

/** How the command line calls what stands after `--`. */
const commandWord = 'COMMAND';

/** How the command that is run spells what the tree calls by path. */
export interface Spelling {
  /** One server whose settings are flags (run, proxy), or several in a file (serve). */
  readonly oneServer: boolean;
  /** How the command takes the MCP server, for example `URL`. */
  readonly upstream: string;
  /** What to do when no MCP server is given. */
  readonly upstreamAdvice: string;
}

/** A finding of the schema as problems with their place: one, or one for each unknown key. */
export function describeIssue(issue: Issue, draft: Draft, spelling: Spelling): Problem[] {
  const path = plainPath(issue.path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(draft, path, key));
  const value = valueAt(draft.tree, path);
  const leaf = findLeaf(draft, path);
  const where = whereIs(draft, path, spelling);
  const inside = value === undefined && leaf === undefined ? requiredWithin(draft, path) : [];
  // A whole group is missing: what has to be in it can be given.
  if (inside.length > 0) return inside.map((one) => missingLeaf(draft, one, spelling));
  if (value === undefined) return [missing(draft, path, { leaf, where, spelling })];
  return [{ where, what: wrongValue(issue, value, leaf) }];
}

/** Where to look for what stands, or should stand, at a path. */
export function whereIs(draft: Draft, path: readonly Segment[], spelling: Spelling): string {
  const source = draft.sourceOf(path);
  if (source.kind === 'file') return `${source.place} ${formatPath(path)}`;
  if (source.kind !== 'default') return formatSource(source);
  const leaf = findLeaf(draft, path);
  const isOfFile = draft.file !== undefined && draft.originOf(path) === undefined;
  if (isOfFile && valueAt(draft.file?.tree, path.slice(0, -1)) !== undefined) {
    return `${draft.file?.placeOf(path) ?? ''} ${formatPath(path)}`;
  }
  if (leaf?.meta.flag !== undefined && spelling.oneServer) return `--${leaf.meta.flag}`;
  if (leaf === workloadLeaf('command') && spelling.oneServer && draft.file === undefined) return commandWord;
  if (path.at(-1) === 'upstream' && spelling.oneServer) return spelling.upstream;
  return formatPath(path);
}

/** The leaf whose value stands at a path or around it. */
export function findLeaf(draft: Draft, path: readonly Segment[]): Leaf | undefined {
  return leaves.find((leaf) => isOnPath(draft, leaf, path) && innerOf(path).length >= leaf.path.length);
}

/** The path from the server, or from the root for what belongs to the whole gateway. */
function innerOf(path: readonly Segment[]): readonly Segment[] {
  return path[0] === 'servers' ? path.slice(2) : path;
}

/** Do a leaf and a path agree as far as both go, in strategy as well? */
function isOnPath(draft: Draft, leaf: Leaf, path: readonly Segment[]): boolean {
  const inner = innerOf(path);
  if (leaf.scope !== (inner === path ? 'gateway' : 'server')) return false;
  const same = leaf.path.every(
    (segment, index) =>
      index >= inner.length || segment === inner[index] || (segment === 0 && typeof inner[index] === 'number'),
  );
  if (!same || leaf.strategies.length === 0) return same;
  const group = path.slice(0, path.length - inner.length + leaf.strategyAt);
  return isOf(leaf, valueAt(draft.tree, [...group, 'strategy']));
}

/** The settings that a missing group has to have. */
function requiredWithin(draft: Draft, path: readonly Segment[]): Segment[][] {
  const { length } = innerOf(path);
  return leaves
    .filter((leaf) => leaf.required && leaf.path.length > length && leaf.strategyAt <= length)
    .filter((leaf) => length > 0 && isOnPath(draft, leaf, path))
    .map((leaf) => [...path, ...leaf.path.slice(length)]);
}

function missingLeaf(draft: Draft, path: readonly Segment[], spelling: Spelling): Problem {
  return missing(draft, path, { leaf: findLeaf(draft, path), where: whereIs(draft, path, spelling), spelling });
}

/** Keys that misspelt ones were meant for, by path: they are wrong, not missing. */
export function findMeantKeys(issues: readonly Issue[], draft: Draft): ReadonlySet<string> {
  const meant = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const path = plainPath(issue.path);
    const closest = issue.keys.map((key) => findClosest(key, keysAt(draft.tree, path)));
    return closest.filter((key) => key !== undefined).map((key) => formatPath([...path, key]));
  });
  return new Set(meant);
}

function missing(
  draft: Draft,
  path: readonly Segment[],
  { leaf, where, spelling }: { leaf: Leaf | undefined; where: string; spelling: Spelling },
): Problem {
  const key = path.at(-1);
  if (leaf !== undefined) {
    const origin = draft.originOf(path);
    const because = origin === undefined ? 'is missing' : `is missing, but ${formatSource(origin)} is given`;
    if (where === commandWord) return { where, what: `${because}; give it after --, for example -- node server.js` };
    if (leaf.kind === 'secret') return { where, what: `${because}; ${adviceOnSecret(leaf)}` };
    const example = leaf.meta.example === undefined ? '' : `, for example ${leaf.meta.example}`;
    return { where, what: `${because}; expected: ${leaf.meta.help}${example}` };
  }
  if (key === 'upstream') return { where, what: `is missing; ${spelling.upstreamAdvice}` };
  if (key === 'authenticate') return noAuthentication(draft, path, { where, spelling });
  if (key === 'steps')
    return { where, what: 'is missing; the steps of a chain stand in a file (-f usher.yaml), two to five of them' };
  if (key === 'servers') return { where, what: 'is missing; expected at least one server under it' };
  return { where, what: 'is missing' };
}

/** A secret is not for the command line, which every user of the machine can read. */
export function adviceOnSecret({ meta, path }: Leaf): string {
  const inFile = `${String(path.at(-1))}File`;
  return `give a file that holds it: ${meta.flag === undefined ? inFile : `--${meta.flag}-file PATH (${inFile})`}`;
}

function noAuthentication(
  draft: Draft,
  path: readonly Segment[],
  { where, spelling }: { where: string; spelling: Spelling },
): Problem {
  const credential = valueAt(draft.tree, [...path.slice(0, -1), 'credential', 'strategy']);
  const exchanges = needsCallerToken(credential);
  const reason = exchanges ? 'a token exchange needs callers whose token was checked' : 'nothing says who may call';
  const anonymous = exchanges
    ? ''
    : spelling.oneServer
      ? ', or --anonymous to let everybody call'
      : ', or strategy: anonymous to let everybody call';
  return spelling.oneServer && draft.file === undefined
    ? { where: '--oidc-issuer', what: `is missing: ${reason}; give --oidc-issuer and --oidc-audience${anonymous}` }
    : { where, what: `is missing: ${reason}; expected a list with an issuer and audience${anonymous}` };
}

function wrongValue(issue: Issue, value: unknown, leaf: Leaf | undefined): string {
  const found = leaf === undefined && issue.path.at(-1) !== 'strategy' ? `is ${shape(value)}` : shown(value, leaf);
  if (leaf === undefined && issue.path.at(-1) === 'upstream' && typeof value === 'string')
    return `${found}, expected a group of settings, for example url: http://127.0.0.1:8001/mcp`;
  if (issue.code === 'invalid_type')
    return `${found}, expected ${leaf === undefined ? typeName(issue.expected) : expected(leaf)}`;
  if (issue.code === 'invalid_value') return `${found}, expected ${oneOf(value, issue.values.map(String))}`;
  if (issue.code === 'invalid_union') {
    const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
    const names = options.filter((name) => typeof name === 'string');
    return `${found}, expected ${names.length === 0 ? 'a group of settings' : oneOf(value, names)}`;
  }
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'is empty; give it a value';
    if (issue.origin === 'array') {
      const count = Array.isArray(value) ? value.length : 0;
      return count === 0
        ? `is an empty list, expected at least ${issue.minimum === 1 ? 'one entry' : `${String(issue.minimum)} entries`}`
        : `has too few entries (${count}), expected at least ${String(issue.minimum)}`;
    }
    return `${found}, expected ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`;
  }
  if (issue.code === 'too_big' && issue.origin === 'array')
    return `has too many entries, expected at most ${String(issue.maximum)}`;
  if (issue.code === 'too_big') return `${found}, expected at most ${String(issue.maximum)}`;
  if (issue.code === 'invalid_key') return `is not usable as a name, expected ${issue.issues[0]?.message ?? 'another'}`;
  return `${found}, expected ${issue.message}`;
}

/** What belongs to a secret or to the environment of a command is never shown. */
function shown(value: unknown, leaf: Leaf | undefined): string {
  return leaf?.kind === 'secret' || leaf?.kind === 'map' ? 'is not usable' : `is ${quote(value)}`;
}

/** What stands where a group belongs is named by its form: nobody knows what it was meant for. */
function shape(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? 'a single value' : quote(value);
}

function typeName(type: string): string {
  if (type === 'array') return 'a list, whose entries begin with - (a hyphen and a space)';
  if (type === 'object' || type === 'record') return 'a group of settings';
  return type === 'int' ? 'a whole number' : `a ${type}`;
}

function unknownKey(draft: Draft, path: readonly Segment[], key: string): Problem {
  const here = [...path, key];
  const where = `${draft.file?.placeOf(here) ?? ''} ${formatPath(here)}`.trim();
  const keys = keysAt(draft.tree, path);
  const closest = findClosest(key, keys);
  if (closest !== undefined) return { where, what: `is unknown; did you mean ${closest}?` };
  // People look for a setting by the name of its flag, or one level too high.
  const elsewhere = leaves.find((leaf) => leaf.meta.flag === key || leaf.path.at(-1) === key);
  if (elsewhere !== undefined) {
    const server = elsewhere.scope === 'server' ? ['servers', path[1] ?? 'NAME'] : [];
    const strategy = elsewhere.strategies.length === 0 ? '' : ` (strategy ${elsewhere.strategies.join(' or ')})`;
    return { where, what: `is unknown here; did you mean ${formatPath([...server, ...elsewhere.path])}${strategy}?` };
  }
  return { where, what: `is unknown; expected one of ${keys.join(', ')}` };
}
