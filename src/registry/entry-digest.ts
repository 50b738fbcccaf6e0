import { createHash } from 'node:crypto';
import { canonicalJson } from '../lib/canonical-json.ts';

/** The digest of a description of a server, whatever the order of its keys: changes when anything in it does. */
export function entryDigest(raw: unknown): string {
  return createHash('sha256').update(canonicalJson(raw)).digest('hex');
}
