import type { Problem } from '../../config/source.ts';
import { describe } from '../../lib/describe-error.ts';
import { readAuthorities } from '../../lib/read-authorities.ts';
import { setUpOptions } from './set-up-options.ts';
import type { SimpleValues } from './simple-options.ts';

/** The authorities to trust: the system's and those of `--ca-file`; undefined where that is not given. */
export function readCaFile(values: SimpleValues, problems: Problem[]): readonly string[] | undefined {
  try {
    return readAuthorities(values.text(setUpOptions.caFile));
  } catch (error) {
    problems.push({ where: '--ca-file', what: `cannot be read: ${describe(error)}` });
    return undefined;
  }
}
