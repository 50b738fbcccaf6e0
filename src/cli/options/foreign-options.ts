import { type Command, Option } from 'commander';
import type { Problem } from '../../config/source.ts';
import { collect, textsOf } from '../command.ts';

/** Flags people bring along from other gateways: taken where they ask for what happens anyway, else refused with a
 * sentence that says why.
 */
interface ForeignOption {
  readonly flags: string;
  readonly help: string;
  /** Shown in help? */
  readonly visible?: true;
  /** What is wrong with a value; undefined when it asks for what happens anyway. */
  readonly refuse: (text: string) => string | undefined;
}

const foreignOptions: readonly ForeignOption[] = [
  {
    flags: '--foreground',
    help: 'Taken and ignored: Usher stays in the foreground',
    visible: true,
    refuse: () => undefined,
  },
];

/** Adds the foreign flags to a command. */
export function addForeignOptions(command: Command): void {
  for (const { flags, help, visible } of foreignOptions) {
    const option = new Option(flags, help).helpGroup('Server:').hideHelp(visible !== true);
    // Some commands have one of their own of this name.
    if (command.options.some(({ long }) => long === option.long)) continue;
    command.addOption(option.required ? option.argParser(collect) : option);
  }
}

/** What is wrong with the foreign flags that were given. */
export function checkForeignOptions(command: Command): Problem[] {
  return foreignOptions.flatMap(({ flags, refuse }) => {
    const option = new Option(flags);
    const what = textsOf(command, option.attributeName())
      .map(refuse)
      .find((problem) => problem !== undefined);
    return what === undefined ? [] : [{ where: option.long ?? flags, what }];
  });
}
