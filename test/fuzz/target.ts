import assert from 'node:assert/strict';
import type { Stage } from '../../src/model/errors.ts';
import { UsherError } from '../../src/model/usher-error.ts';

/** One parser under attack. */
export interface Target {
  /** Inputs to begin with: good ones and nearly good ones. */
  readonly seeds: readonly string[];
  /** Takes any bytes; throws or rejects where a promise of the parser is broken. */
  readonly fuzz: (bytes: Buffer) => void | Promise<void>;
}

/** What a parser made of its input, or undefined when it refused properly: with an UsherError of one of these stages, whose
 * public text is short, on one line and without control characters. Anything else it throws is a finding.
 */
export function orRefusal<T>(parse: () => T, stages: readonly Stage[]): T | undefined {
  try {
    return parse();
  } catch (error) {
    assertRefusal(error, stages);
    return undefined;
  }
}

export async function orRefusalLater<T>(parse: () => Promise<T> | T, stages: readonly Stage[]): Promise<T | undefined> {
  try {
    return await parse();
  } catch (error) {
    assertRefusal(error, stages);
    return undefined;
  }
}

function assertRefusal(error: unknown, stages: readonly Stage[]): asserts error is UsherError {
  if (!(error instanceof UsherError)) throw error;
  assert.ok(stages.includes(error.row.stage), `refused with ${error.code} of stage ${error.row.stage}`);
  if (error.row.stage === 'configure') return;
  // Whoever starts something is shown up to 2,000 characters of each value; a caller, 300.
  const longest = error.row.stage === 'start' ? 6_000 : 2_000;
  for (const text of [error.message, error.hint]) {
    assert.doesNotMatch(text, /\p{Cc}|[\u2028\u2029]/u, error.code);
    assert.ok(text.length < longest, `${error.code}: ${text.length} characters`);
  }
}

/** The JSON an input is, or undefined. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
