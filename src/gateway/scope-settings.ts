import { hash } from 'node:crypto';
import { isSecret } from '../config/leaves.ts';
import { scopeStore, type Store } from '../model/store.ts';

/** The part of a shared store that belongs to one use at one server with these very settings: replicas that are configured
 * differently, as while a change is rolled out, share nothing. The settings go in as a digest, and that into a keyed one
 * (src/lib/sealer.ts).
 */
export function scopeSettings(
  store: Store | undefined,
  { use, server, settings }: { readonly use: string; readonly server: string; readonly settings: unknown },
): Store | undefined {
  if (store === undefined) return undefined;
  return scopeStore(store, JSON.stringify([use, server, hash('sha256', canonical(settings), 'base64url')]));
}

/** The same text for the same settings, in whatever order they were written. */
function canonical(value: unknown): string {
  if (isSecret(value)) return JSON.stringify({ secret: value.reveal() });
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const sorted = entries.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${sorted.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
