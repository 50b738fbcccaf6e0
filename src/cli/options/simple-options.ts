import { type Command, Option } from 'commander';
import type { Problem } from '../../config/source.ts';
import { quote } from '../../config/quote.ts';
import { collect, textsOf } from '../command.ts';

/** An option of a command that is no setting of the gateway. */
export interface SimpleOption {
  readonly flags: string;
  readonly help: string;
  readonly group: string;
  readonly byDefault?: string;
  /** Environment name that is read where the flag is not given. */
  readonly env?: string;
}

/** Adds options to a command, with default and environment name in their help. */
export function addSimpleOptions(command: Command, options: readonly SimpleOption[]): Command {
  for (const { flags, help, group, byDefault, env } of options) {
    const notes = `${byDefault === undefined ? '' : ` (default ${byDefault.replaceAll(',', ', ')})`}${env === undefined ? '' : ` [${env}]`}`;
    const option = optionOf(flags, `${help}${notes}`).helpGroup(`${group}:`);
    command.addOption(option.required ? option.argParser(collect) : option);
  }
  return command;
}

/** `--no-…` is an option like others here: commander would have it and its opposite overwrite each other, the last one winning. */
function optionOf(flags: string, help?: string): Option {
  return Object.assign(new Option(flags, help), { negate: false });
}

/** Reads such options: flag, then environment, then default; collects what is wrong. */
export class SimpleValues {
  readonly problems: Problem[] = [];
  readonly #command: Command;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(command: Command, environment: Readonly<Record<string, string | undefined>>) {
    this.#command = command;
    this.#environment = environment;
  }

  /** The text given for an option, or its default. */
  text({ flags, byDefault, env }: SimpleOption): string | undefined {
    return this.#find(flags, env)?.text ?? byDefault;
  }

  /** The port given for an option, or its default. */
  port(option: SimpleOption): number {
    const found = this.#find(option.flags, option.env);
    const text = found?.text ?? option.byDefault ?? '0';
    const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (port <= 65_535) return port;
    this.problems.push({
      where: found?.where ?? option.flags,
      what: `is ${quote(text)}, expected a port from 0 to 65535`,
    });
    return 0;
  }

  /** The one of these given for an option, or its default, or the first. */
  choice<T extends string>(option: SimpleOption, choices: readonly [T, ...T[]]): T {
    const found = this.#find(option.flags, option.env);
    const text = found?.text ?? option.byDefault ?? choices[0];
    const chosen = choices.find((choice) => choice === text);
    if (chosen !== undefined) return chosen;
    const where = found?.where ?? option.flags;
    this.problems.push({ where, what: `is ${quote(text)}, expected one of ${choices.join(', ')}` });
    return choices[0];
  }

  /** Was a flag without value given? */
  isSet({ flags }: SimpleOption): boolean {
    return textsOf(this.#command, optionOf(flags).attributeName()).length > 0;
  }

  /** Whether something is to be, where both `--…` and `--no-…` can be given; undefined when neither is. */
  either(yes: SimpleOption, no: SimpleOption): boolean | undefined {
    const [isWanted, isUnwanted] = [this.isSet(yes), this.isSet(no)];
    if (isWanted && isUnwanted)
      this.problems.push({ where: no.flags, what: `is given beside ${yes.flags}; keep one of them` });
    return isWanted ? true : isUnwanted ? false : undefined;
  }

  #find(flags: string, env: string | undefined): { where: string; text: string } | undefined {
    const option = optionOf(flags);
    const texts = textsOf(this.#command, option.attributeName());
    const where = option.long ?? flags;
    if (texts.length > 1) this.problems.push({ where, what: `is given ${texts.length} times, expected once` });
    const [given] = texts;
    const fromEnvironment = env === undefined ? undefined : this.#environment[env];
    const found = given === undefined ? { where: env ?? where, text: fromEnvironment } : { where, text: given };
    if (found.text === undefined) return undefined;
    if (found.text === '' || found.text.startsWith('--')) {
      this.problems.push({ where: found.where, what: 'has no value; give it one' });
    }
    return { where: found.where, text: found.text };
  }
}
