import { LRUCache } from 'lru-cache';
import type { Owner, Owners } from '../model/owner.ts';

/** Who owns the sessions or tasks of one server: as many as a busy one has in a day, some 50 MB at the most. Bounded by that
 * alone: for a number of entries all their places would be made at the start.
 */
export function buildOwners(): Owners {
  return new LRUCache<string, Owner>({
    maxSize: 50 * 1024 * 1024,
    sizeCalculation: ({ principal, tool }, id) => id.length + principal.length + (tool?.length ?? 0) + 100,
  });
}
