import { checkClient } from './check-client.ts';
import type { Finding } from './check-server.ts';
import type { Draft } from './draft.ts';
import type { Segment } from './leaves.ts';
import { isTree, valueAt } from './path.ts';
import { keysAt } from './schema-at.ts';

/** What is wrong with a credential: with each group of it that names a client of a token endpoint. */
export function* checkCredential(draft: Draft, path: readonly Segment[]): Generator<Finding> {
  for (const group of findGroups(draft, path)) {
    if (keysAt(draft.tree, group).includes('clientAuthentication')) yield* checkClient(draft, group);
  }
}

/** The credential itself, the groups in it, and the steps of a chain. */
function* findGroups(draft: Draft, path: readonly Segment[]): Generator<readonly Segment[]> {
  const value = valueAt(draft.tree, path);
  if (Array.isArray(value)) {
    for (const index of value.keys()) yield* findGroups(draft, [...path, index]);
  } else if (isTree(value)) {
    yield path;
    for (const key of Object.keys(value)) yield* findGroups(draft, [...path, key]);
  }
}
