import type { AuditRecord } from '../../model/audit-record.ts';

const serialized = new WeakMap<object, string>();

/** A record as one line of JSON. Most of a record is about its caller and its credential, which serve many calls: parts
 * that are frozen are written out once and kept as text for as long as somebody holds them.
 */
export function serializeRecord(record: AuditRecord): string {
  let line = '';
  for (const [name, value] of Object.entries(record)) {
    if (value === undefined) continue;
    line += `${line === '' ? '{' : ','}"${name}":${typeof value === 'object' ? serializePart(value) : JSON.stringify(value)}`;
  }
  return `${line}}`;
}

function serializePart(part: object): string {
  const known = serialized.get(part);
  if (known !== undefined) return known;
  const text = JSON.stringify(part);
  if (Object.isFrozen(part)) serialized.set(part, text);
  return text;
}
