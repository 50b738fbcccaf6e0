import { type Command, Help, type Option } from 'commander';
import { type Leaf, leaves, seams } from '../../config/leaves.ts';

/** The flags of one strategy, which most people never need: help names them in one line, and shows them when asked to. */
interface HelpTopic {
  readonly name: string;
  readonly summary: string;
  /** The names of its options, with their dashes. */
  readonly flags: ReadonlySet<string>;
}

const everything = 'all';

const operatorLogin: HelpTopic = {
  name: 'remote-auth',
  summary: 'Sign in as the person who runs Usher, and call the server behind as them',
  flags: new Set(leaves.filter(({ path }) => path[0] === 'remoteAuth').flatMap(flagsOf)),
};

/** Strategies that have to be named, and whose flags say by their beginning that they are theirs. */
const strategyTopics: readonly HelpTopic[] = seams.flatMap(({ key, strategies, summaries, defaultStrategy }) =>
  strategies.flatMap((name): HelpTopic[] => {
    const own = leaves
      .filter(({ path, strategies: owners }) => path[0] === key && owners.includes(name))
      .flatMap(flagsOf);
    const isTopic = name !== defaultStrategy && own.some((flag) => flag.startsWith(`--${name}-`));
    return isTopic ? [{ name, summary: summaries.get(name) ?? '', flags: new Set(own) }] : [];
  }),
);

const topics = [...strategyTopics, operatorLogin];

function flagsOf({ meta: { flag, secret } }: Leaf): string[] {
  if (flag === undefined) return [];
  return secret === true ? [`--${flag}`, `--${flag}-file`, `--${flag}-ref`] : [`--${flag}`];
}

/** Lets the help of a command show what the words beside `--help` ask for: `entra-obo` those flags alone, `all` every one,
 * and without such a word all but those of the topics.
 */
export function arrangeHelp(command: Command, words: readonly string[]): void {
  const offered = topics.filter(({ flags }) => command.options.some(({ long }) => isOneOf(flags, long)));
  if (offered.length === 0 || words.includes(everything)) return;
  const wanted = offered.filter(({ name }) => words.includes(name));
  const usual = new Help();
  const isShown = ({ long }: Option): boolean =>
    wanted.length > 0
      ? wanted.some(({ flags }) => isOneOf(flags, long))
      : !offered.some(({ flags }) => isOneOf(flags, long));
  const more = (helper: Help): string => (wanted.length > 0 ? '' : listTopics(command, offered, helper));
  command.configureHelp({
    ...command.configureHelp(),
    visibleOptions: (shown) => usual.visibleOptions(shown).filter(isShown),
    formatHelp: (shown, helper) => `${usual.formatHelp(shown, helper)}${more(helper)}`,
  });
}

function listTopics(command: Command, offered: readonly HelpTopic[], helper: Help): string {
  const width = Math.max(...offered.map(({ name }) => name.length));
  const lines = offered.map(({ name, summary }) => `${helper.formatItem(name, width, summary, helper)}\n`);
  return `\nMore flags (${command.name()} --help TOPIC, or --help ${everything}):\n${lines.join('')}`;
}

function isOneOf(flags: ReadonlySet<string>, long: string | null | undefined): boolean {
  return typeof long === 'string' && flags.has(long);
}
