import { findClosest } from '../lib/closest.ts';
import { type Draft, serverEnvironmentName } from './draft.ts';
import { environmentName, type Leaf, leaves } from './leaves.ts';
import { otherEnvironment } from './other-environment.ts';
import { quote } from './quote.ts';
import { readSecret } from './secret-forms.ts';
import type { Source } from './source.ts';
import { readTexts } from './text-value.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One environment name and what it sets. */
interface Variable {
  readonly name: string;
  readonly leaf: Leaf;
  readonly server: string | undefined;
  /** Another way to give a secret than itself. */
  readonly twin: Twin | undefined;
}

/** How a secret may be given beside itself, and how the names of these variables end. */
type Twin = 'file' | 'reference';
const endings: Readonly<Record<Twin, string>> = { file: '_FILE', reference: '_REF' };
const twins: readonly (Twin | undefined)[] = [undefined, 'file', 'reference'];

/** The names a leaf has in the environment, the first of a kind being our own. */
export function environmentNames(leaf: Leaf): readonly string[] {
  const { flag, env, envAliases = [] } = leaf.meta;
  const own = env ?? (flag === undefined ? undefined : environmentName(flag));
  return [...(own === undefined ? [] : [own]), ...envAliases];
}

/** Puts what the environment says into the draft. With `server` (one-route commands) the short names mean that server;
 * without (serve) each server has its own. Names that begin with USHER_ and mean nothing are problems.
 */
export function readEnvironment(draft: Draft, environment: Environment, server?: string): void {
  const variables = server === undefined ? severalServers(draft) : leaves.flatMap((leaf) => namesOf(leaf, server));
  const known = new Map<string, Variable[]>();
  for (const variable of variables) known.set(variable.name, [...(known.get(variable.name) ?? []), variable]);

  const seen = new Map<string, string>();
  for (const [name, [variable, rival]] of known) {
    const text = environment[name];
    if (text === undefined || variable === undefined) continue;
    if (rival !== undefined) {
      const servers = `${String(variable.server)} and ${String(rival.server)}`;
      draft.problems.push({
        where: name,
        what: `is not clear: it may mean the server ${servers}; rename one in the file`,
      });
      continue;
    }
    const key = `${variable.server ?? ''} ${leaves.indexOf(variable.leaf)}`;
    const other = seen.get(key);
    seen.set(key, other ?? name);
    if (other === undefined) readVariable(draft, variable, { text, environment });
    else draft.problems.push({ where: name, what: `is set beside ${other}, which means the same; unset one` });
  }
  refuseUnknown(draft, environment, known);
}

function namesOf(leaf: Leaf, server: string | undefined): Variable[] {
  return environmentNames(leaf).flatMap((name) => withTwins(name, leaf, server));
}

function severalServers(draft: Draft): Variable[] {
  return leaves.flatMap((leaf) => {
    if (leaf.scope === 'gateway') return namesOf(leaf, undefined);
    const { flag } = leaf.meta;
    if (flag === undefined) return [];
    return draft.servers.flatMap((server) => withTwins(serverEnvironmentName(server, flag), leaf, server));
  });
}

function withTwins(name: string, leaf: Leaf, server: string | undefined): Variable[] {
  const ways = leaf.kind === 'secret' ? twins : [undefined];
  return ways.map((twin) => ({ name: twin === undefined ? name : name + endings[twin], leaf, server, twin }));
}

function readVariable(
  draft: Draft,
  { name, leaf, server, twin }: Variable,
  { text, environment }: { text: string; environment: Environment },
): void {
  const source: Source = { kind: 'environment', name };
  const texts = leaf.kind === 'map' ? text.split('\n').filter((line) => line !== '') : [text];
  const read = readTexts(leaf, texts.length === 0 ? [''] : texts);
  if ('problem' in read) {
    draft.refuse(leaf, { where: name, what: `${read.problem}${serviceLinkHint(text)}` });
    return;
  }
  if (leaf.kind !== 'secret') {
    if (read.value !== false || leaf.kind !== 'presence') draft.set(leaf, read.value, source, server);
    return;
  }
  // Environments come from files as well: a line break at the end is not part of the secret.
  const secret = readSecret({
    form: twin ?? 'environment',
    text: twin === undefined ? name : read.value,
    folder: process.cwd(),
    environment,
    findSecret: draft.findSecret,
  });
  draft.set(leaf, secret.value, source, server);
  if (secret.problem !== undefined) draft.problems.push({ where: name, what: secret.problem });
  if (secret.warning !== undefined) draft.warnings.push(`${name} ${secret.warning}`);
}

/** Kubernetes sets such variables in every pod where a service is called `usher`. */
function isServiceLink(name: string): boolean {
  return /^USHER(?:_\w+)?_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP)(?:_\w+)?)?)$/.test(name);
}

function serviceLinkHint(text: string): string {
  return /^(?:tcp|udp):\/\//.test(text)
    ? '; Kubernetes sets it for a service of this name: set enableServiceLinks: false in the pod'
    : '';
}

function refuseUnknown(draft: Draft, environment: Environment, known: ReadonlyMap<string, unknown>): void {
  const short = new Set(
    leaves
      .filter(({ scope }) => scope === 'server')
      .flatMap((leaf) => namesOf(leaf, undefined))
      .map(({ name }) => name),
  );
  const candidates = [...known.keys(), ...otherEnvironment.keys()].filter((name) => name.startsWith('USHER_'));
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('USHER_') || text === undefined || known.has(name) || otherEnvironment.has(name)) continue;
    draft.problems.push({ where: name, what: unknownVariable(draft, name, { short, candidates }) });
  }
}

function unknownVariable(
  draft: Draft,
  name: string,
  { short, candidates }: { short: ReadonlySet<string>; candidates: readonly string[] },
): string {
  if (short.has(name)) {
    const server = draft.servers[0] ?? 'NAME';
    const flag =
      leaves.find((leaf) => namesOf(leaf, undefined).some((variable) => variable.name === name))?.meta.flag ?? '';
    return `does not say which server it is for; with several servers it is ${serverEnvironmentName(server, flag)}`;
  }
  if (isServiceLink(name)) {
    return 'is unknown; Kubernetes sets it for a service called usher: set enableServiceLinks: false in the pod';
  }
  if (name.startsWith('USHER_SERVERS_') && draft.servers.length > 0) {
    const closest = findClosest(name, candidates);
    const servers = draft.servers.map((server) => quote(server)).join(', ');
    return closest === undefined ? `is unknown; the servers are ${servers}` : `is unknown; did you mean ${closest}?`;
  }
  const closest = findClosest(name, candidates);
  return closest === undefined
    ? 'is unknown; unset it, or see docs/reference/environment.md'
    : `is unknown; did you mean ${closest}?`;
}
