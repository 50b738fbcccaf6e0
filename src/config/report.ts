import { fail } from '../model/usher-error.ts';
import type { UsherError } from '../model/usher-error.ts';
import type { Problem } from './source.ts';

/** All problems as one refusal: a heading, then a line for each with its place. */
export function reportProblems(problems: readonly Problem[]): UsherError {
  return fail('config_invalid', { report: listProblems('Cannot use the configuration', problems) });
}

/** The same for a command line that has nothing to do with a configuration. */
export function reportUsage(problems: readonly Problem[]): UsherError {
  const help = 'usher --help lists the commands; each has its own --help.';
  return fail('usage_invalid', { report: listProblems('Cannot understand the command line', problems), help });
}

/** Line and column of what stands in the file; what stands on the command line comes first. */
function placeIn(where: string): readonly [number, number] {
  const [, line, column] = /:(\d+):(\d+)(?: |$)/.exec(where) ?? [];
  return [Number(line ?? 0), Number(column ?? 0)];
}

function comparePlaces(
  [lineA, columnA]: readonly [number, number],
  [lineB, columnB]: readonly [number, number],
): number {
  return lineA - lineB || columnA - columnB;
}

function listProblems(heading: string, problems: readonly Problem[]): string {
  const ordered = [...problems].sort((a, b) => comparePlaces(placeIn(a.where), placeIn(b.where)));
  const lines = [...new Set(ordered.map(({ where, what }) => `  ${where}: ${what}`))];
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
  return [`${heading}: ${count}`, ...lines].join('\n');
}
