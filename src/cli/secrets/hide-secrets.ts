import { environmentNames } from '../../config/read-environment.ts';
import { type Leaf, leaves } from '../../config/leaves.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The names of the variables that were arguments, with commas between them: for commands to which the environment says nothing else. */
export const fromArguments = 'USHER_FROM_ARGUMENTS';

/** A command line without the secrets that stood in it, and the environment that has them instead: who starts the program
 * sees both, other users of the machine the first only.
 */
export interface Hidden {
  readonly args: readonly string[];
  readonly environment: Environment;
  /** As they were written, without their values. */
  readonly labels: readonly string[];
}

/** Takes secrets out of a command line; undefined when there is none that could be taken out. What is wrong with it is left
 * as it is, to be reported.
 */
export function hideSecrets(args: readonly string[], environment: Environment): Hidden | undefined {
  const end = args.indexOf('--');
  const head = end < 0 ? args : args.slice(0, end);
  const tail = end < 0 ? [] : args.slice(end);
  const hidden = head[0] === 'secret' && head[1] === 'set' ? ofSecretSet(head) : ofSettings(head);
  if (hidden.length === 0) return undefined;
  const taken = new Set(hidden.flatMap(({ at, length }) => Array.from({ length }, (_, index) => at + index)));
  const changed: Record<string, string | undefined> = { ...environment };
  for (const { names, value } of hidden) {
    // A flag wins over every variable of its setting.
    for (const name of names.flatMap((one) => [one, `${one}_FILE`, `${one}_REF`])) delete changed[name];
    changed[names[0] ?? ''] = value;
  }
  changed[fromArguments] = hidden.map(({ names }) => names[0] ?? '').join(',');
  return {
    args: [...head.filter((_, index) => !taken.has(index)), ...tail],
    environment: changed,
    labels: hidden.map(({ label }) => label),
  };
}

/** A secret in the arguments: where, how many of them, and which variables mean the same. */
interface Found {
  readonly at: number;
  readonly length: number;
  readonly label: string;
  readonly value: string;
  readonly names: readonly string[];
}

/** `usher secret set NAME VALUE` */
function ofSecretSet(head: readonly string[]): readonly Found[] {
  const operands = [...head.keys()].slice(2).filter((index) => head[index]?.startsWith('-') === false);
  const [, at, third] = operands;
  if (at === undefined || third !== undefined) return [];
  return [{ at, length: 1, label: 'VALUE', value: head[at] ?? '', names: ['USHER_SECRET_VALUE'] }];
}

/** `--token-exchange-client-secret VALUE` and its like, of the commands that stay. With `serve` only settings of the whole
 * gateway are flags; others are refused there anyway.
 */
function ofSettings(head: readonly string[]): readonly Found[] {
  const [command = ''] = head;
  if (!['run', 'proxy', 'serve', 'update', 'import'].includes(command)) return [];
  const secrets = leaves.filter(
    ({ kind, scope, meta }) =>
      kind === 'secret' && meta.flag !== undefined && (command !== 'serve' || scope === 'gateway'),
  );
  const found = secrets.flatMap((leaf) => {
    const all = occurrencesOf(leaf, head);
    // Twice is a mistake, which is reported.
    return all.length === 1 ? all : [];
  });
  return found;
}

function occurrencesOf({ meta, ...leaf }: Leaf, head: readonly string[]): readonly Found[] {
  const labels = [meta.flag ?? '', ...(meta.flagAliases ?? [])].map((flag) => `--${flag}`);
  const names = environmentNames({ meta, ...leaf });
  return [...head.entries()].flatMap(([at, word]): Found[] => {
    const label = labels.find((one) => word === one || word.startsWith(`${one}=`));
    if (label === undefined) return [];
    const isSeparate = word === label;
    const value = isSeparate ? head[at + 1] : word.slice(label.length + 1);
    if (value === undefined || value.trim() === '' || value.startsWith('--')) return [];
    return [{ at, length: isSeparate ? 2 : 1, label, value, names }];
  });
}
