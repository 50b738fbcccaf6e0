import { fail } from '../model/usher-error.ts';
import type { UsherError } from '../model/usher-error.ts';
import type { Problem } from './source.ts';

/** All problems as one refusal: a heading, then a line for each with its place. */
export function reportProblems(problems: readonly Problem[]): UsherError {
  const lines = [...new Set(problems.map(({ where, what }) => `  ${where}: ${what}`))];
  const heading = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
  return fail('config_invalid', { report: [`Cannot use the configuration: ${heading}`, ...lines].join('\n') });
}
