import { z } from 'zod';
import { isObject } from '../lib/is-object.ts';
import { Secret } from '../model/secret.ts';
import { settings, type SettingMeta, strategyChoices } from '../model/setting.ts';
import { configSchema, serverSchema } from './schema.ts';

/** One step into the tree: a key, or a place in a list. */
export type Segment = string | number;

export type LeafKind = 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'map' | 'secret' | 'presence' | 'strategy';

/** One setting of the configuration tree, as flags, environment names, help and reference pages need it. */
export interface Leaf {
  /** From the root (`listen`, `port`), or from the server (`authenticate`, 0, `issuer`); 0 stands for any entry. */
  readonly path: readonly Segment[];
  /** Does it stand once for the whole gateway, or for each server? */
  readonly scope: 'gateway' | 'server';
  /** The strategies whose settings it belongs to: several where one flag means the same to each; none outside a seam. */
  readonly strategies: readonly string[];
  /** How many steps of the path lead to the group that names the strategy. */
  readonly strategyAt: number;
  /** Is it in a list of its strategy, such as the steps of a chain? No flag could say which entry is meant. */
  readonly isNested: boolean;
  readonly kind: LeafKind;
  /** A list of one may be written without brackets. */
  readonly allowsSingle: boolean;
  readonly choices: readonly string[] | undefined;
  readonly required: boolean;
  /** What holds when nobody says anything; undefined when there is no default. */
  readonly defaultValue: unknown;
  readonly meta: SettingMeta;
}

/** Takes `.default()`, `.prefault()` and `.optional()` off. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrap(schema.unwrap());
  }
  return schema;
}

/** The name of the strategy a member of a seam's union stands for. */
export function strategyOf(schema: z.core.$ZodType): string | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  const inner = unwrap(schema.shape['strategy'] ?? schema);
  const value = inner instanceof z.ZodLiteral ? [...inner.values][0] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function kindOf(schema: z.core.$ZodType): LeafKind {
  if (schema instanceof z.ZodString) return 'text';
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodEnum) return 'choice';
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodRecord) return 'map';
  if (schema instanceof z.ZodLiteral) return 'presence';
  return 'secret';
}

function isListOfTexts(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodArray && ['text', 'choice'].includes(kindOf(unwrap(schema.element)));
}

function choicesOf(schema: z.core.$ZodType): readonly string[] | undefined {
  if (schema instanceof z.ZodArray) return choicesOf(unwrap(schema.element));
  return schema instanceof z.ZodEnum ? schema.options.map(String) : undefined;
}

function defaultOf(schema: z.core.$ZodType): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
}

interface Position {
  readonly path: readonly Segment[];
  readonly scope: Leaf['scope'];
  readonly strategy: string | undefined;
  readonly strategyAt: number;
  readonly isNested: boolean;
}

const flagKeys = new Set<string>(['flag', 'short', 'flagAliases', 'env', 'envAliases']);

/** As a setting that stands in a file only. */
function withoutFlag(meta: SettingMeta): SettingMeta {
  const rest = Object.entries(meta).filter(([key]) => !flagKeys.has(key));
  return { help: meta.help, group: meta.group, ...Object.fromEntries(rest), fileOnly: true };
}

function buildLeaf(schema: z.ZodType, given: SettingMeta, position: Position): Leaf {
  const inner = unwrap(schema);
  const { strategy, ...place } = position;
  const meta = position.isNested ? withoutFlag(given) : given;
  return {
    ...place,
    strategies: strategy === undefined ? [] : [strategy],
    kind: kindOf(inner),
    allowsSingle: isListOfTexts(inner) && (meta.flag !== undefined || meta.fileOnly === true),
    choices: choicesOf(inner),
    required: inner === schema,
    defaultValue: defaultOf(schema),
    meta,
  };
}

/** The name of the strategy as a setting of its own, where one may choose it without naming any setting of it. */
function* strategyLeaf(schema: z.core.$ZodType, position: Position): Generator<Leaf> {
  const inner = unwrap(schema);
  const meta = inner instanceof z.ZodDiscriminatedUnion ? strategyChoices.get(inner) : undefined;
  if (!(inner instanceof z.ZodDiscriminatedUnion) || meta === undefined || position.isNested) return;
  const byDefault = defaultOf(schema);
  yield {
    path: [...position.path, 'strategy'],
    scope: position.scope,
    strategies: [],
    strategyAt: position.path.length,
    isNested: false,
    kind: 'strategy',
    allowsSingle: false,
    choices: inner.options.map(strategyOf).filter((name) => name !== undefined),
    required: false,
    defaultValue: isObject(byDefault) ? byDefault['strategy'] : undefined,
    meta,
  };
}

function* walk(schema: z.core.$ZodType, position: Position): Generator<Leaf> {
  const meta = schema instanceof z.ZodType ? settings.get(schema) : undefined;
  if (schema instanceof z.ZodType && meta !== undefined) {
    yield buildLeaf(schema, meta, position);
    return;
  }
  const inner = unwrap(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const strategyAt = position.path.length;
    // A choice within an entry of a list: nor could a flag say whose it is.
    const isNested = position.isNested || (position.strategy !== undefined && position.path.includes(0));
    yield* strategyLeaf(schema, { ...position, isNested });
    for (const option of inner.options)
      yield* walk(option, { ...position, strategy: strategyOf(option), strategyAt, isNested });
  } else if (inner instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(inner.shape)) {
      yield* walk(child, { ...position, path: [...position.path, key] });
    }
  } else if (inner instanceof z.ZodArray) {
    const isNested = position.isNested || position.strategy !== undefined;
    yield* walk(inner.element, { ...position, path: [...position.path, 0], isNested });
  } else if (inner instanceof z.ZodRecord) {
    yield* walk(inner.valueType, { ...top, scope: 'server' });
  }
}

const top: Position = { path: [], scope: 'gateway', strategy: undefined, strategyAt: 0, isNested: false };

/** Every setting there is, in the order of the schema. */
export const leaves: readonly Leaf[] = joinShared([...walk(configSchema, top)].filter(isFirst));

/** The credential of an entry is the same whatever the entry's own strategy. */
function isFirst({ path, strategies, meta }: Leaf, index: number, all: readonly Leaf[]): boolean {
  if (meta.fileOnly !== true || !path.includes(0)) return true;
  const key = path.join(' ');
  return all.findIndex((one) => one.strategies[0] === strategies[0] && one.path.join(' ') === key) === index;
}

/** What several strategies have by the same flag is one setting: which of them is meant is said elsewhere. */
function joinShared(all: readonly Leaf[]): readonly Leaf[] {
  const byFlag = new Map<string | Leaf, Leaf>();
  for (const leaf of all) {
    const { flag, help } = leaf.meta;
    const earlier = flag === undefined ? undefined : byFlag.get(flag);
    if (earlier !== undefined && (earlier.meta.help !== help || earlier.path.join(' ') !== leaf.path.join(' ')))
      throw new TypeError(`Two settings have the flag --${flag}`);
    const strategies = [...(earlier?.strategies ?? []), ...leaf.strategies];
    byFlag.set(flag ?? leaf, { ...(earlier ?? leaf), strategies });
  }
  return [...byFlag.values()];
}

/** A group of a server whose form depends on its `strategy`. */
export interface Seam {
  readonly key: string;
  /** Does the server have a list of them? */
  readonly isList: boolean;
  /** The strategy that is meant when none is named; undefined when one has to be. */
  readonly defaultStrategy: string | undefined;
  readonly strategies: readonly string[];
  /** What each of them is for, where its schema says so. */
  readonly summaries: ReadonlyMap<string, string>;
}

function buildSeam(key: string, schema: z.core.$ZodType): Seam | undefined {
  const inner = unwrap(schema);
  const isList = inner instanceof z.ZodArray;
  const union = isList ? unwrap(inner.element) : inner;
  if (!(union instanceof z.ZodDiscriminatedUnion)) return undefined;
  const named = union.options.filter((option) => option instanceof z.ZodObject);
  const byDefault = named.find((option) => option.shape['strategy'] instanceof z.ZodDefault);
  return {
    key,
    isList,
    defaultStrategy: byDefault === undefined ? undefined : strategyOf(byDefault),
    strategies: named.map((option) => strategyOf(option)).filter((name) => name !== undefined),
    summaries: new Map(named.map((option) => [strategyOf(option) ?? '', option.description ?? ''])),
  };
}

/** The seams a server chooses a strategy for. */
export const seams: readonly Seam[] = Object.entries(serverSchema.shape)
  .map(([key, schema]) => buildSeam(key, schema))
  .filter((seam) => seam !== undefined);

/** The leaf with this flag. Throws when there is none: flags are spelled in code only where the table cannot be used. */
export function leafOfFlag(flag: string): Leaf {
  const leaf = leaves.find(({ meta }) => meta.flag === flag);
  if (leaf === undefined) throw new TypeError(`No setting has the flag --${flag}`);
  return leaf;
}

/** The leaf of what a workload runs: settings that have no flag, since they are arguments or stand after `--`. */
export function workloadLeaf(name: 'command' | 'image' | 'args'): Leaf {
  const leaf = leaves.find(
    ({ meta, path }) => meta.fileOnly === undefined && meta.flag === undefined && path.at(-1) === name,
  );
  if (leaf === undefined) throw new TypeError(`No setting holds the ${name} of a workload`);
  return leaf;
}

/** Is it a setting of this strategy? */
export function isOf({ strategies }: Leaf, strategy: unknown): boolean {
  return typeof strategy === 'string' && strategies.includes(strategy);
}

/** Does it say how a server is run? Then it means nothing where the server runs already. */
export function isRunHere({ path, strategies }: Leaf): boolean {
  return path[0] === 'upstream' && !strategies.includes('http');
}

/** Environment name of a flag: `oidc-issuer` → `USHER_OIDC_ISSUER`. */
export function environmentName(flag: string): string {
  return `USHER_${upperSnake(flag)}`;
}

/** `my-api.v2` → `MY_API_V2`. */
export function upperSnake(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

/** Is this value one that must never be shown? */
export function isSecret(value: unknown): value is Secret {
  return value instanceof Secret;
}
