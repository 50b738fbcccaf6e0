import { findClosest } from '../lib/closest.ts';
import type { Leaf } from './leaves.ts';
import { quote } from './quote.ts';
import { setOwn, type Tree } from './path.ts';

/** What a text from a flag or the environment means for a setting, or what is wrong with it. */
export type TextValue = { readonly value: unknown } | { readonly problem: string };

const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60 };

/** Reads the texts given for one setting (several where the flag was repeated) into the form YAML would have. */
export function readTexts(leaf: Leaf, texts: readonly string[]): TextValue {
  if (texts.includes('')) return { problem: `is empty, expected ${expected(leaf)}; leave it out or give a value` };
  if (leaf.kind === 'list') return readList(leaf, texts);
  if (leaf.meta.targeted) return readTargets(texts);
  if (leaf.kind === 'map') return readMap(texts);
  const [text = ''] = texts;
  if (texts.length > 1) return { problem: `is given ${texts.length} times, expected once` };
  if (leaf.kind === 'number') return readNumber(leaf, text);
  if (leaf.kind === 'strategy') return readStrategy(leaf.choices ?? [], text);
  return leaf.kind === 'boolean' || leaf.kind === 'presence' ? readBoolean(text) : { value: text };
}

/** What a setting wants, in a few words. */
export function expected(leaf: Leaf): string {
  if (leaf.choices !== undefined) return `${leaf.kind === 'list' ? 'some' : 'one'} of ${leaf.choices.join(', ')}`;
  if (leaf.kind === 'number')
    return isDuration(leaf) ? 'a number of seconds (as a flag also 500ms, 10s, 2m)' : 'a number';
  if (leaf.kind === 'boolean' || leaf.kind === 'presence') return 'true or false';
  if (leaf.kind === 'list') return 'one value or a list';
  if (leaf.kind === 'map') return leaf.meta.placeholder ?? 'NAME=VALUE';
  return leaf.meta.placeholder === undefined ? 'text' : `text (${leaf.meta.placeholder})`;
}

/** What a value should have been, and which of these was most likely meant. */
export function oneOf(value: unknown, candidates: readonly string[]): string {
  const closest = typeof value === 'string' ? findClosest(value, candidates) : undefined;
  return `one of ${candidates.join(', ')}${closest === undefined ? '' : `; did you mean ${closest}?`}`;
}

/** At once, and not by the schema: the settings of a strategy that does not exist would all seem to be unknown. */
function readStrategy(choices: readonly string[], text: string): TextValue {
  return choices.includes(text) ? { value: text } : { problem: `is ${quote(text)}, expected ${oneOf(text, choices)}` };
}

function isDuration(leaf: Leaf): boolean {
  return String(leaf.path.at(-1)).endsWith('Seconds');
}

function readNumber(leaf: Leaf, text: string): TextValue {
  const match = /^(-?\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  const unit = match?.[2];
  if (match === null || (unit !== undefined && !isDuration(leaf))) {
    return { problem: `is ${quote(text)}, expected ${expected(leaf)}` };
  }
  return { value: Number(match[1]) * (units[unit ?? 's'] ?? 1) };
}

function readBoolean(text: string): TextValue {
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  return { problem: `is ${quote(text)}, expected true or false` };
}

function readList(leaf: Leaf, texts: readonly string[]): TextValue {
  const items: string[] = [];
  for (const text of texts) {
    const parts = leaf.meta.wholeItems
      ? text.split('\n').filter((line, _, all) => line !== '' || all.length === 1)
      : leaf.meta.spaceSeparated
        ? text.trim().split(/\s*,\s*|\s+/)
        : text.split(',').map((part) => part.trim());
    if (parts.includes(''))
      return { problem: `is ${quote(text)}, which has an empty item; expected values separated by one comma` };
    items.push(...parts);
  }
  return { value: items };
}

/** `NAME,target=VARIABLE`; not quoted either: somebody may have given the secret itself. */
function readTargets(texts: readonly string[]): TextValue {
  const map: Tree = {};
  for (const text of texts) {
    const [, name, target] = /^([^,]+),target=([^,]+)$/.exec(text.trim()) ?? [];
    if (name === undefined || target === undefined)
      return { problem: 'is not of the form NAME,target=VARIABLE, for example github,target=GITHUB_TOKEN' };
    if (Object.hasOwn(map, target)) return { problem: `has two secrets for ${quote(target)}` };
    setOwn(map, target, name);
  }
  return { value: map };
}

/** The value is never quoted: it may be a secret. */
function readMap(texts: readonly string[]): TextValue {
  const map: Tree = {};
  for (const [index, text] of texts.entries()) {
    const split = text.indexOf('=');
    if (split < 1)
      return { problem: `has no NAME= in its ${index === 0 ? 'first' : `${index + 1}th`} entry, expected NAME=VALUE` };
    const name = text.slice(0, split);
    if (Object.hasOwn(map, name)) return { problem: `names ${quote(name)} twice` };
    setOwn(map, name, text.slice(split + 1));
  }
  return { value: map };
}
