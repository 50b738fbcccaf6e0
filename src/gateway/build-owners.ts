import { LRUCache } from 'lru-cache';
import { parseObject } from '../lib/parse-object.ts';
import type { Owner, Owners } from '../model/owner.ts';
import type { Store } from '../model/store.ts';

/** How long the other replicas know of a session or task. */
const sharedMs = 7 * 24 * 3_600_000;

/** Who owns the sessions or tasks of one server: as many as a busy one has in a day, some 50 MB at the most. Bounded by that
 * alone: for a number of entries all their places would be made at the start.
 * @param store where the replicas know them together; absent where there is one
 */
export function buildOwners(store?: Store): Owners {
  const local = new LRUCache<string, Owner>({
    maxSize: 50 * 1024 * 1024,
    sizeCalculation: ({ principal, tool }, id) => id.length + principal.length + (tool?.length ?? 0) + 100,
  });
  return store === undefined ? local : shareOwners(local, store);
}

function shareOwners(local: Owners, store: Store): Owners {
  /** What the store is being told. */
  const underWay = new Map<string, Promise<void>>();

  async function read(id: string): Promise<Owner | undefined> {
    const text = await store.get(id);
    return text === undefined ? undefined : parseOwner(text);
  }

  /** A server that gives somebody's session out again, through another replica: it stays theirs. */
  async function share(id: string, owner: Owner): Promise<void> {
    if ((await store.setIfAbsent(id, JSON.stringify(owner), sharedMs)) !== false) return;
    const earlier = await read(id);
    if (earlier !== undefined && earlier.principal !== owner.principal) local.set(id, earlier);
  }

  async function recall(id: string): Promise<void> {
    const owner = await read(id);
    // Whoever learned of it meanwhile knows better.
    if (owner !== undefined && local.get(id) === undefined) local.set(id, owner);
  }

  return {
    get: (id) => local.get(id),
    set(id, owner) {
      local.set(id, owner);
      underWay.set(
        id,
        share(id, owner).finally(() => underWay.delete(id)),
      );
    },
    delete(id) {
      local.delete(id);
      void store.delete(id);
    },
    recall(id) {
      return local.get(id) === undefined ? recall(id) : undefined;
    },
    whenShared: (id) => underWay.get(id),
  };
}

function parseOwner(text: string): Owner | undefined {
  const { principal, tool } = parseObject(text) ?? {};
  if (typeof principal !== 'string' || (tool !== undefined && typeof tool !== 'string')) return undefined;
  return { principal, tool };
}
