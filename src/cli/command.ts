import { Command, Option } from 'commander';
import { helpLayout, layOutExample } from './help/lay-out-help.ts';

/** What a command does with its arguments, as commander hands them over; the exit code. */
export type Action = (command: Command) => Promise<number> | number;

/** Builds a command in the shape all of ours have: options grouped in help, examples below, nothing decided by commander
 * itself but the syntax. Unknown options and excess arguments are left in `command.args`: together with everything else
 * that is wrong they are reported at once.
 */
export function buildCommand(name: string, { summary, usage, examples }: CommandText): Command {
  return new Command(name)
    .description(summary)
    .usage(usage)
    .addHelpOption(new Option('-h, --help', 'Show this help').helpGroup('Configuration:'))
    .allowUnknownOption()
    .allowExcessArguments()
    .configureHelp(helpLayout)
    .addHelpText('after', `\nExamples:\n${examples.map(layOutExample).join('\n\n')}\n`);
}

export interface CommandText {
  /** One sentence for the list of commands and the head of the command's own help. */
  readonly summary: string;
  /** What follows the command's name. */
  readonly usage: string;
  readonly examples: readonly string[];
}

/** One value of an option, whatever it is; options collect all their occurrences. */
export function textsOf(command: Command, attribute: string): readonly string[] {
  const value: unknown = command.getOptionValue(attribute);
  if (value === true) return ['true'];
  return Array.isArray(value) ? value.map(String) : [];
}

/** Collects every occurrence of an option: the last one must not win silently. */
export function collect(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}
