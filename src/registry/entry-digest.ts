import { createHash } from 'node:crypto';
import { isObject } from '../lib/is-object.ts';

/** The digest of a description of a server, whatever the order of its keys: changes when anything in it does. */
export function entryDigest(raw: unknown): string {
  return createHash('sha256').update(canonical(raw)).digest('hex');
}

/** JSON with sorted keys, as RFC 8785 §3.2.3 has them: by their UTF-16 code units. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${parts.join(',')}}`;
}
