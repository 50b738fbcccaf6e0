import type { ConfigFile } from './config-file.ts';
import type { FindSecret } from '../model/secret-store.ts';
import { isOf, type Leaf, type Segment, upperSnake } from './leaves.ts';
import { formatPath, isTree, setOwn, type Tree, valueAt } from './path.ts';
import { quote } from './quote.ts';
import { formatSource, type Problem, type Source } from './source.ts';

/** The configuration while it is put together: values from all sources, and everything found wrong so far. */
export class Draft {
  readonly tree: Tree;
  readonly file: ConfigFile | undefined;
  readonly findSecret: FindSecret | undefined;
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];
  /** Settings that were said, but in a way that cannot be read: they are wrong, not missing. */
  readonly unreadable = new Set<Leaf>();
  /** Source of each value that a flag or the environment set, by path. */
  readonly #sources = new Map<string, Source>();
  /** What was put into groups that several strategies may mean, before one was named; by path of the group. */
  readonly #undecided = new Map<string, { readonly group: Tree; readonly leaf: Leaf; readonly source: Source }[]>();
  /** Groups for which two strategies were asked, by path: nothing else about them is worth a sentence until one is gone. */
  readonly #contradicted = new Map<string, Set<string>>();
  /** Groups that exist only because a flag or variable belongs into them, by path. */
  readonly #origins = new Map<string, Source>();

  constructor(file?: ConfigFile, findSecret?: FindSecret) {
    this.file = file;
    this.findSecret = findSecret;
    this.tree = file?.tree ?? {};
    this.problems.push(...(file?.problems ?? []));
  }

  /** Names of the servers so far. */
  get servers(): string[] {
    const servers = valueAt(this.tree, ['servers']);
    return isTree(servers) ? Object.keys(servers) : [];
  }

  /** Where somebody said what stands at this path: the flag, the variable, or the place in the file. */
  sourceOf(path: readonly PropertyKey[]): Source {
    for (let length = path.length; length > 0; length--) {
      const known = this.#sources.get(formatPath(path.slice(0, length)));
      if (known !== undefined) return known;
    }
    if (this.file !== undefined && valueAt(this.file.tree, path) !== undefined) {
      return { kind: 'file', place: this.file.placeOf(path) };
    }
    return { kind: 'default' };
  }

  /** The flag or variable that made a group exist, looking outwards from the path; undefined for groups of the file. */
  originOf(path: readonly PropertyKey[]): Source | undefined {
    for (let length = path.length; length > 0; length--) {
      const known = this.#origins.get(formatPath(path.slice(0, length)));
      if (known !== undefined) return known;
    }
    return undefined;
  }

  /** Does this path lead into a group for which two strategies were asked? */
  isContradicted(path: readonly PropertyKey[]): boolean {
    return path.some((_, index) => this.#contradicted.has(formatPath(path.slice(0, index + 1))));
  }

  /** Takes down that a flag or variable cannot be read. */
  refuse(leaf: Leaf, problem: Problem): void {
    this.unreadable.add(leaf);
    this.problems.push(problem);
  }

  /** Says where a value came from that was put into the tree of the file: a secret out of another file. */
  setSource(path: readonly PropertyKey[], source: Source): void {
    this.#sources.set(formatPath(path), source);
  }

  /** Puts a value where its leaf belongs, making the groups around it; a conflict with the file becomes a problem. */
  set(leaf: Leaf, value: unknown, source: Source, server?: string): void {
    const base: Segment[] = leaf.scope === 'server' && server !== undefined ? ['servers', server] : [];
    const path = this.#placeFor(leaf, base, source);
    if (path === undefined) return;
    const group = valueAt(this.tree, path.slice(0, -1));
    if (!isTree(group)) return;
    if (leaf.kind === 'strategy' && !this.#mayChoose(String(value), group, { path: path.slice(0, -1), source })) return;
    if (leaf.kind !== 'presence') setOwn(group, String(path.at(-1)), value);
    this.#sources.set(formatPath(path), source);
  }

  /** Walks to the group of a leaf, making what is missing. Undefined when something else stands there. */
  #placeFor(leaf: Leaf, base: readonly Segment[], source: Source): Segment[] | undefined {
    const path: Segment[] = [];
    let group: Tree = this.tree;
    const steps = [...base, ...leaf.path.slice(0, -1)];
    for (const [index, step] of steps.entries()) {
      if (typeof step === 'number') continue;
      const namesStrategy = index + 1 - base.length === leaf.strategyAt;
      const isListed = typeof steps[index + 1] === 'number';
      path.push(step);
      if (!Object.hasOwn(group, step)) {
        setOwn(group, step, isListed ? [] : this.#newGroup(namesStrategy ? leaf : undefined));
        this.#origins.set(formatPath(path), source);
        if (namesStrategy && !isListed && leaf.strategies.length === 1)
          this.#sources.set(formatPath([...path, 'strategy']), source);
      }
      let next = group[step];
      if (isListed) {
        const entry = this.#entryFor(leaf, next, { path, source });
        if (entry === undefined) return undefined;
        path.push(entry.index);
        next = entry.group;
      }
      if (!isTree(next)) return undefined; // the schema says what is wrong with it
      if (namesStrategy && !this.#fits(leaf, next, { path, source })) return undefined;
      group = next;
    }
    const name = leaf.path.at(-1);
    return name === undefined ? undefined : [...path, name];
  }

  #newGroup(leaf: Leaf | undefined): Tree {
    return leaf?.strategies.length === 1 ? { strategy: leaf.strategies[0] } : {};
  }

  /** Names the strategy of groups nobody named one for: the first that what stands there can mean. */
  decideStrategies(): void {
    for (const [first] of this.#undecided.values()) {
      if (first !== undefined && first.group['strategy'] === undefined)
        first.group['strategy'] = first.leaf.strategies[0];
    }
  }

  #fits(leaf: Leaf, group: Tree, at: { path: readonly Segment[]; source: Source }): boolean {
    const { strategies } = leaf;
    if (strategies.length === 0) return true;
    const found = group['strategy'];
    if (found === undefined && strategies.length === 1) {
      this.#name(String(strategies[0]), group, at);
      return true;
    }
    if (found === undefined) {
      const path = formatPath(at.path);
      this.#undecided.set(path, [...(this.#undecided.get(path) ?? []), { group, leaf, source: at.source }]);
      return true;
    }
    if (isOf(leaf, found)) return true;
    const wanted = strategies.join(' or ');
    this.#contradict(wanted, at, `belongs to the strategy ${wanted}, but`, found);
    return false;
  }

  /** Names the strategy of a group that had none, and looks whether what stands there can mean it. */
  #name(strategy: string, group: Tree, at: { path: readonly Segment[]; source: Source }): void {
    const path = formatPath(at.path);
    group['strategy'] = strategy;
    this.#origins.set(path, at.source);
    this.#sources.set(formatPath([...at.path, 'strategy']), at.source);
    for (const earlier of this.#undecided.get(path) ?? []) this.#fits(earlier.leaf, group, { ...at, ...earlier });
  }

  /** May a strategy be chosen by its name? As every setting it may be said again by whoever is nearer; but not over the
   * settings of another one, which would mean nothing then.
   */
  #mayChoose(wanted: string, group: Tree, at: { path: readonly Segment[]; source: Source }): boolean {
    const found = group['strategy'];
    const hasOthers = Object.keys(group).some((key) => key !== 'strategy');
    if (found === undefined) this.#name(wanted, group, at);
    if (found === undefined || found === wanted || !hasOthers) return true;
    this.#contradict(wanted, at, `is ${wanted}, but`, found);
    return false;
  }

  /** One sentence for two strategies, however many settings of the second were given. */
  #contradict(
    strategy: string,
    { path, source }: { path: readonly Segment[]; source: Source },
    what: string,
    found: unknown,
  ): void {
    const key = formatPath(path);
    const told = this.#contradicted.get(key) ?? new Set();
    this.#contradicted.set(key, told);
    if (told.has(strategy)) return;
    told.add(strategy);
    this.problems.push({
      where: formatSource(source),
      what: `${what} ${key} is ${typeof found === 'string' ? found : quote(found)}${this.#because(path)}; give one of the two`,
    });
  }

  #because(path: readonly Segment[]): string {
    const origin = this.originOf(path);
    if (origin !== undefined) return ` because of ${formatSource(origin)}`;
    return this.file === undefined ? '' : ` at ${this.file.placeOf(path)}`;
  }

  #entryFor(
    leaf: Leaf,
    list: unknown,
    at: { path: readonly Segment[]; source: Source },
  ): { index: number; group: Tree } | undefined {
    if (!Array.isArray(list)) return undefined;
    const matching: { index: number; group: Tree }[] = [];
    for (const [index, group] of list.entries()) {
      if (isTree(group) && isOf(leaf, group['strategy'])) matching.push({ index, group });
    }
    if (matching.length > 1) {
      this.problems.push({
        where: formatSource(at.source),
        what: `is not clear: ${formatPath(at.path)} has ${matching.length} entries of strategy ${leaf.strategies.join(' or ')}; change the one that is meant in the file`,
      });
      return undefined;
    }
    if (matching[0] !== undefined) return matching[0];
    const group = this.#newGroup(leaf);
    const index = list.push(group) - 1;
    this.#origins.set(formatPath([...at.path, index]), at.source);
    return { index, group };
  }
}

/** Environment name of a setting of one server behind `usher serve`: `USHER_SERVERS_APOLLO_OIDC_ISSUER`. */
export function serverEnvironmentName(server: string, flag: string): string {
  return `USHER_SERVERS_${upperSnake(server)}_${upperSnake(flag)}`;
}
