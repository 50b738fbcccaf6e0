import type { Command } from 'commander';

/** What a command gets beside its own options. */
export interface CommandContext {
  /** What stood after the first `--`; undefined when there was none. */
  readonly tail: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Those of its variables that stood in the arguments, as secrets, until the program was started anew without them. */
  readonly hidden: Readonly<Record<string, string | undefined>>;
  /** Every command there is, for those that speak of the others. */
  readonly commands: readonly CommandRow[];
  /** This program as arguments of Node.js, for processes that take its command line; undefined when nobody says. */
  readonly program?: readonly string[] | undefined;
}

/** One command: its syntax, and what it does. Loaded only when it is called. */
export interface CommandModule {
  /** The syntax, for parsing and for help. */
  build(): Command;
  /** Does it, and returns the exit code.
   * @throws UsherError when it cannot
   */
  execute(command: Command, context: CommandContext): Promise<number>;
}

/** A command as the table lists it. */
export interface CommandRow {
  /** One or two words. */
  readonly name: string;
  readonly summary: string;
  /** What its words without dashes name, for completion; absent where they are anything else, or none. */
  readonly operands?: 'servers' | 'shells';
  readonly load: () => Promise<CommandModule>;
}
