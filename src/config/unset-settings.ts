import { findClosest } from '../lib/closest.ts';
import type { Draft } from './draft.ts';
import { type Leaf, leaves, type Segment } from './leaves.ts';
import { isTree, type Tree, valueAt } from './path.ts';
import { placesOf } from './prepare-file.ts';
import { quote } from './quote.ts';
import type { Problem } from './source.ts';

/** Takes settings out of what a file says, so that for them holds what holds without. Each is named by its flag (`oidc-scopes`), with
 * the name of one entry behind it where it has several (`env.DEBUG`), or by its place in the file (`policy.rules`, `listen.tls`).
 * @returns what cannot be taken out
 */
export function unsetSettings(draft: Draft, names: readonly string[], server: string): readonly Problem[] {
  return names.flatMap((name) => {
    const what = unset(draft, name.replace(/^--/, ''), server);
    return what === undefined ? [] : [{ where: '--unset', what }];
  });
}

/** @returns what is wrong */
function unset(draft: Draft, name: string, server: string): string | undefined {
  const leaf = leafCalled(name);
  if (leaf !== undefined) {
    const found = placesOf(draft, leaf).filter((path) => removeLeaf(draft.tree, leaf, path));
    return found.length > 0 ? undefined : `names ${name}, which is not set`;
  }
  const [first = '', ...rest] = name.split('.');
  const map = leafCalled(first);
  if (map?.kind === 'map' && rest.length > 0) {
    const key = rest.join('.');
    const found = placesOf(draft, map).filter((path) => remove(draft.tree, [...path, key]));
    return found.length > 0 ? undefined : `names ${name}, and ${first} has no ${key}`;
  }
  const path = name.split('.').map((part): Segment => (/^\d+$/.test(part) ? Number(part) : part));
  const isGateway = leaves.some((one) => one.scope === 'gateway' && one.path[0] === path[0]);
  const isServer = leaves.some((one) => one.scope === 'server' && one.path[0] === path[0]);
  // A server as a whole is taken away by other means.
  const isWhole = path[0] === 'servers' && path.length <= 2;
  const base = path[0] === 'servers' || isGateway ? [] : ['servers', server];
  if (!isWhole && remove(draft.tree, [...base, ...path])) return undefined;
  if (path.length > 1 && (isGateway || isServer)) return `names ${name}, which is not set`;
  const closest = findClosest(
    first,
    leaves.flatMap(({ meta }) => meta.flag ?? []),
  );
  return `names ${quote(name)}, which is no setting${closest === undefined ? '' : `; did you mean ${closest}?`}`;
}

function leafCalled(flag: string): Leaf | undefined {
  return leaves.find(({ meta }) => meta.flag === flag || meta.flagAliases?.includes(flag) === true);
}

/** What names a group, or turns it on, goes with the group. */
function removeLeaf(tree: Tree, { kind, path, meta }: Leaf, place: readonly Segment[]): boolean {
  const isGroup = kind === 'strategy' || kind === 'presence' || path.at(-1) === 'enabled' || meta.namesGroup === true;
  const group = place.slice(0, -1);
  if (isGroup) return valueAt(tree, group) !== undefined && remove(tree, group);
  const key = String(place.at(-1));
  const endings = meta.secret === true ? ['', 'File', 'Env', 'Ref'] : [''];
  return endings.map((ending) => remove(tree, [...group, `${key}${ending}`])).includes(true);
}

/** Removes what stands at a path, and a group that is empty then. */
function remove(tree: Tree, path: readonly Segment[]): boolean {
  const key = path.at(-1);
  const groupPath = path.slice(0, -1);
  const group = valueAt(tree, groupPath);
  if (key === undefined || valueAt(tree, path) === undefined) return false;
  if (Array.isArray(group) && typeof key === 'number') group.splice(key, 1);
  else if (isTree(group)) Reflect.deleteProperty(group, key);
  // A list or a group without anything in it says nothing; the server itself stays.
  const isEmpty = Array.isArray(group) ? group.length === 0 : isTree(group) && Object.keys(group).length === 0;
  const isServer = groupPath[0] === 'servers' && groupPath.length <= 2;
  if (isEmpty && !isServer && groupPath.length > 0) remove(tree, groupPath);
  return true;
}
