import { CommanderError } from 'commander';
import { reportUsage } from '../config/report.ts';
import { findClosest } from '../lib/closest.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import type { CommandContext, CommandRow } from './command-module.ts';
import { commandTable } from './command-table.ts';
import { helpGroup, helpOverview } from './help/help-overview.ts';
import { arrangeHelp } from './help/help-topics.ts';
import { fromArguments, hideSecrets } from './secrets/hide-secrets.ts';
import { helpWidth } from './help/lay-out-help.ts';
import { print, warn } from './print.ts';
import { seenInArguments } from './secrets/read-secret-value.ts';
import { reportError } from './report-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What only whoever starts the process can say and do. */
export interface Starter {
  /** This program as arguments of Node.js, for servers in the background. */
  readonly program?: readonly string[] | undefined;
  /** Puts the same program with other arguments and another environment in the place of this process; does not return. */
  readonly startAnew?: ((args: readonly string[], environment: Environment) => void) | undefined;
}

/** Runs the command line and returns the exit code. Never throws. */
export async function main(
  args: readonly string[],
  environment: Environment = process.env,
  { program, startAnew }: Starter = {},
): Promise<number> {
  const hidden = startAnew === undefined ? undefined : hideSecrets(args, environment);
  if (hidden !== undefined) {
    warn(
      `${seenInArguments}: ${hidden.labels.join(', ')}. It is gone from there now; better pipe it in, or use a file.`,
    );
    startAnew?.(hidden.args, hidden.environment);
  }
  const split = args.indexOf('--');
  const given = split < 0 ? args : args.slice(0, split);
  const head = given[0] === 'help' && given.length > 1 ? [...given.slice(1), '--help'] : given;
  const tail = split < 0 ? undefined : args.slice(split + 1);
  try {
    const overview = findOverview(head);
    if (overview !== undefined) {
      print(overview);
      return 0;
    }
    const { row, words } = findCommand(head);
    return await execute(row, head.slice(words), { tail, program, commands: commandTable, ...readHidden(environment) });
  } catch (error) {
    return reportError(error, { debug: head.includes('--debug') });
  }
}

/** Tells what was hidden from what the environment said before. */
function readHidden(given: Environment): Pick<CommandContext, 'environment' | 'hidden'> {
  const { [fromArguments]: names = '', ...environment } = given;
  const hidden = Object.fromEntries(
    names
      .split(',')
      .filter(Boolean)
      .map((name) => [name, environment[name]]),
  );
  return { environment, hidden };
}

async function execute(row: CommandRow, args: readonly string[], context: CommandContext): Promise<number> {
  const module = await row.load();
  const command = module.build();
  arrangeHelp(command, args);
  command.exitOverride().configureOutput({
    writeOut: print,
    writeErr: () => {},
    getOutHasColors: () => false,
    getOutHelpWidth: () => helpWidth(process.stdout.columns),
  });
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0; // help was shown
    throw namingHelp(row, reportUsage([syntaxProblem(error)]));
  }
  try {
    return await module.execute(command, context);
  } catch (error) {
    throw namingHelp(row, error);
  }
}

/** Once the command is known, its own help is the one to look at. */
function namingHelp({ name }: CommandRow, error: unknown): unknown {
  if (!(error instanceof UsherError) || error.code !== 'usage_invalid') return error;
  const { report = '' } = error.details;
  const help = `usher ${name} --help shows what it takes.`;
  return fail('usage_invalid', { report, help }, { cause: error.cause });
}

/** commander's sentence without its value: `error: option '--port <PORT>' argument missing`. */
function syntaxProblem(error: CommanderError): { where: string; what: string } {
  const flag = /'(?:-\w, )?(--?[\w-]+)/.exec(error.message)?.[1] ?? 'arguments';
  const isMissing = error.code === 'commander.optionMissingArgument';
  return { where: flag, what: isMissing ? 'has no value; give it one' : 'cannot be read; see --help' };
}

/** The overview when help of all, or of a group such as `config`, is asked for. */
function findOverview(head: readonly string[]): string | undefined {
  const [first, second] = head;
  const asksHelp = (word: string | undefined): boolean => word === '--help' || word === '-h' || word === 'help';
  if (first === undefined || (asksHelp(first) && second === undefined)) return helpOverview(commandTable);
  const group = commandTable.filter(({ name }) => name.startsWith(`${first} `));
  const alone = commandTable.some(({ name }) => name === first);
  return group.length > 0 && !alone && asksHelp(second) ? helpGroup(first, group) : undefined;
}

/** The command the first one or two words name, and how many words that are.
 * @throws UsherError `config_invalid` with a suggestion
 */
function findCommand(head: readonly string[]): { row: CommandRow; words: number } {
  if (head[0] === '--version' || head[0] === '-V') return findCommand(['version']);
  for (const words of [2, 1]) {
    const name = head.slice(0, words).join(' ');
    const row = commandTable.find((candidate) => candidate.name === name);
    if (row !== undefined && !isMisspelt(row, head[1])) return { row, words };
  }
  throw unknownCommand(head);
}

/** Is the word after a command that takes subcommands nearly one of them? */
function isMisspelt({ name }: CommandRow, word: string | undefined): boolean {
  const rest = commandTable.flatMap((row) =>
    row.name.startsWith(`${name} `) ? [row.name.slice(name.length + 1)] : [],
  );
  return word !== undefined && !word.startsWith('-') && findClosest(word, rest) !== undefined;
}

function unknownCommand(head: readonly string[]): Error {
  const [first = '', second = ''] = head;
  const names = commandTable.map(({ name }) => name);
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length > 0) {
    const rest = group.map((name) => name.slice(first.length + 1));
    const closest = findClosest(second, rest);
    const advice =
      closest === undefined
        ? `expected one of ${rest.join(', ')}; see usher ${first} --help`
        : `did you mean usher ${first} ${closest}?`;
    return reportUsage([{ where: `usher ${first}`, what: `does not say what to do; ${advice}` }]);
  }
  const kind = first.startsWith('-') ? 'option before the command' : 'command';
  const closest = findClosest(
    first,
    names.flatMap((name) => [name, name.split(' ')[0] ?? name]),
  );
  const advice = closest === undefined ? 'see usher --help' : `did you mean usher ${closest}?`;
  return reportUsage([{ where: first.replace(/=.*$/s, '').slice(0, 60), what: `is no ${kind} of usher; ${advice}` }]);
}
