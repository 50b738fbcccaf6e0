import { LRUCache } from 'lru-cache';
import type { Owner, Owners } from '../model/owner.ts';

/** Who owns the sessions or tasks of one server: as many as a busy one has in a day, some 50 MB at the most. */
export function buildOwners(): Owners {
  return new LRUCache<string, Owner>({
    max: 100_000,
    maxSize: 50 * 1024 * 1024,
    sizeCalculation: ({ principal, tool }, id) => id.length + principal.length + (tool?.length ?? 0) + 100,
  });
}
