import type { AuditRecord } from '../../model/audit-record.ts';

const serialized = new WeakMap<object, string>();

/** A record as one line of JSON. Most of a record is about its caller and its credential, which serve many calls: parts
 * that are frozen are written out once and kept as text for as long as somebody holds them.
 */
export function serializeRecord(record: AuditRecord): string {
  const fields: Readonly<Record<string, string | number | object | undefined>> = record;
  let line = `{"v":${record.v}`;
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined || name === 'v') continue;
    line += `,"${name}":${typeof value === 'object' ? serializePart(value) : JSON.stringify(value)}`;
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
