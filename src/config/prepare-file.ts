import { absolutePath } from './absolute-path.ts';
import type { Draft } from './draft.ts';
import { isOf, type Leaf, leaves, seams, type Segment } from './leaves.ts';
import { formatPath, isTree, setOwn, type Tree, valueAt } from './path.ts';
import { readSecret, type SecretForm } from './secret-forms.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Names the strategies that a file does not name, so that it is known which settings have a place in it. */
export function nameAllStrategies(draft: Draft): void {
  for (const server of draft.servers) nameStrategies(valueAt(draft.tree, ['servers', server]));
}

/** Brings what a file says into the form the schema checks, after its strategies were named: single values made lists, secrets
 * read, paths made absolute. What is wrong with the secrets becomes problems.
 */
export function prepareFile(draft: Draft, environment: Environment): void {
  for (const leaf of leaves) {
    for (const path of placesOf(draft, leaf)) prepareLeaf(draft, leaf, { path, environment });
  }
}

/** Of a server; and of an entry of its lists, which may have a choice of its own. */
function nameStrategies(server: unknown): void {
  for (const { key, isList, defaultStrategy } of seams) {
    const found = valueAt(server, [key]);
    for (const group of isList && Array.isArray(found) ? found : [found]) {
      if (isTree(group) && defaultStrategy !== undefined && !Object.hasOwn(group, 'strategy')) {
        group['strategy'] = defaultStrategy;
      }
      if (isList && isTree(group)) nameStrategies(group);
    }
  }
}

/** The paths a leaf has in this tree: one for each server, and for each entry of its strategy. */
export function placesOf(draft: Draft, leaf: Leaf): Segment[][] {
  if (leaf.scope === 'gateway') return [[...leaf.path]];
  return draft.servers.flatMap((server) => {
    const base = ['servers', server];
    return entriesOf(draft.tree, base, leaf.path).filter((path) => hasStrategy(draft, leaf, path));
  });
}

/** The paths that one with zeros stands for: each is any entry of the list there. */
function entriesOf(tree: Tree, base: readonly Segment[], path: readonly Segment[]): Segment[][] {
  const inList = path.indexOf(0);
  if (inList < 0) return [[...base, ...path]];
  const listPath = [...base, ...path.slice(0, inList)];
  const list = valueAt(tree, listPath);
  const entries = Array.isArray(list) ? [...list.keys()] : [];
  return entries.flatMap((index) => entriesOf(tree, [...listPath, index], path.slice(inList + 1)));
}

function hasStrategy(draft: Draft, leaf: Leaf, path: readonly Segment[]): boolean {
  if (leaf.strategies.length === 0) return true;
  const group = path.slice(0, path.length - leaf.path.length + leaf.strategyAt);
  const named = valueAt(draft.tree, [...group, 'strategy']);
  // A group that is left out has the default strategy; only leaves of that one have a place then.
  const seam = seams.find(({ key }) => key === leaf.path[0]);
  return isOf(leaf, named ?? seam?.defaultStrategy);
}

function prepareLeaf(draft: Draft, leaf: Leaf, at: { path: Segment[]; environment: Environment }): void {
  const group = valueAt(draft.tree, at.path.slice(0, -1));
  const key = String(at.path.at(-1));
  if (!isTree(group)) return;
  if (leaf.kind === 'secret') {
    prepareSecret(draft, { group, key, ...at });
    return;
  }
  const value = Object.hasOwn(group, key) ? group[key] : undefined;
  if (leaf.allowsSingle && typeof value === 'string') setOwn(group, key, [value]);
  if (leaf.meta.path === undefined || draft.file === undefined) return;
  const { folder } = draft.file;
  const given = Object.hasOwn(group, key) ? group[key] : undefined;
  if (typeof given === 'string') setOwn(group, key, absolutePath(given, leaf.meta.path, folder));
  if (Array.isArray(given)) {
    const items: unknown[] = given;
    setOwn(
      group,
      key,
      items.map((item) => (typeof item === 'string' ? absolutePath(item, leaf.meta.path, folder) : item)),
    );
  }
}

interface SecretPlace {
  readonly group: Tree;
  readonly key: string;
  readonly path: Segment[];
  readonly environment: Environment;
}

/** `clientSecret`, `clientSecretFile`, `clientSecretEnv` and `clientSecretRef` become one `clientSecret`. */
function prepareSecret(draft: Draft, { group, key, path, environment }: SecretPlace): void {
  const { file } = draft;
  if (file === undefined) return;
  const given: { name: string; form: SecretForm['form'] }[] = [];
  if (Object.hasOwn(group, key)) given.push({ name: key, form: 'literal' });
  if (Object.hasOwn(group, `${key}File`)) given.push({ name: `${key}File`, form: 'file' });
  if (Object.hasOwn(group, `${key}Env`)) given.push({ name: `${key}Env`, form: 'environment' });
  if (Object.hasOwn(group, `${key}Ref`)) given.push({ name: `${key}Ref`, form: 'reference' });
  const whereOf = (name: string): string => {
    const place = [...path.slice(0, -1), name];
    return `${file.placeOf(place)} ${formatPath(place)}`;
  };
  const [first, second] = given;
  if (first === undefined) return;
  if (second !== undefined) {
    draft.problems.push({
      where: whereOf(second.name),
      what: `is given beside ${first.name}; keep one of ${key}, ${key}File, ${key}Env and ${key}Ref`,
    });
  }
  const text = group[first.name];
  for (const { name } of given) delete group[name];
  const { findSecret } = draft;
  const secret = readSecret({ form: first.form, text, folder: file.folder, environment, findSecret });
  // An unusable secret is a problem of its own; the marker keeps the schema from adding "is missing".
  setOwn(group, key, secret.value);
  draft.setSource(path, { kind: 'file', place: file.placeOf([...path.slice(0, -1), first.name]) });
  if (secret.problem !== undefined) draft.problems.push({ where: whereOf(first.name), what: secret.problem });
  if (secret.warning !== undefined) draft.warnings.push(`${whereOf(first.name)} ${secret.warning}`);
}
