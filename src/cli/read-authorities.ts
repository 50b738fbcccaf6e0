import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { Problem } from '../config/source.ts';
import { describe } from '../lib/describe-error.ts';
import { setUpOptions } from './set-up-options.ts';
import type { SimpleValues } from './simple-options.ts';

/** The authorities to trust: the system's and those of `--ca-file`; undefined where that is not given. */
export function readAuthorities(values: SimpleValues, problems: Problem[]): readonly string[] | undefined {
  const file = values.text(setUpOptions.caFile);
  if (file === undefined) return undefined;
  try {
    return [...getCACertificates('default'), readFileSync(file, 'utf8')];
  } catch (error) {
    problems.push({ where: '--ca-file', what: `cannot be read: ${describe(error)}` });
    return undefined;
  }
}
