import { isObject } from './is-object.ts';

/** JSON whose keys are sorted by their UTF-16 code units, without white space (RFC 8785 §3.2.3): the same text for the same value, in
 * whatever order it was written. What JSON does not have is null.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`).join(',')}}`;
}
