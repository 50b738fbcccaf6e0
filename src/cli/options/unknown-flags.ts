import type { Command } from 'commander';
import type { Problem } from '../../config/source.ts';
import { findClosest } from '../../lib/closest.ts';

/** What commander could not place: the arguments before the first unknown flag, and the flags. A value that may follow
 * an unknown flag is neither: nobody knows whether it is one, and it may be a secret.
 */
export interface Leftovers {
  readonly operands: readonly string[];
  readonly problems: readonly Problem[];
  /** Flags that unknown ones were meant for. */
  readonly meant: readonly string[];
}

/** Sorts what is left of the command line; unknown flags become problems with a suggestion. */
export function sortLeftovers(command: Command): Leftovers {
  const isFlag = (word: string): boolean => word.length > 1 && word.startsWith('-');
  const first = command.args.findIndex(isFlag);
  if (first < 0) return { operands: command.args, problems: [], meant: [] };
  const known = command.options.flatMap(({ long, hidden }) =>
    long === undefined || long === null || hidden ? [] : [long],
  );
  const unknown = command.args
    .slice(first)
    .filter(isFlag)
    .map((word) => word.replace(/=.*$/s, ''))
    .map((flag) => ({
      flag,
      closest: flag.startsWith('--') ? findClosest(flag, [...known, '--help']) : undefined,
    }));
  return {
    operands: command.args.slice(0, first),
    problems: unknown.map(({ flag, closest }) => describeFlag(flag, closest)),
    meant: unknown.flatMap(({ closest }) => closest ?? []),
  };
}

function describeFlag(flag: string, closest: string | undefined): Problem {
  const advice = closest === undefined ? 'see --help for those there are' : `did you mean ${closest}?`;
  // A word that is no flag at all may be a misplaced value.
  return { where: /^--?[a-z][\w-]{0,60}$/i.test(flag) ? flag : 'an argument', what: `is unknown; ${advice}` };
}
