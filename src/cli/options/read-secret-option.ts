import { readSecret } from '../../config/secret-forms.ts';
import type { Problem } from '../../config/source.ts';
import { Secret } from '../../model/secret.ts';

/** Where a command may be given a secret; never in its arguments, which everybody on the machine can read. */
export interface SecretOption {
  /** Of the file, `--api-token-file`. */
  readonly flag: string;
  /** What that was given. */
  readonly file: string | undefined;
  /** Of the environment, the first that is set. */
  readonly variables: readonly [string, ...string[]];
  /** What the file would hold: `the password`. */
  readonly what: string;
}

/** The secret of a file, or of the environment. What is wrong is added to the problems, and the secret is empty then. */
export function readSecretOption(
  { flag, file, variables, what }: SecretOption,
  environment: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
): Secret {
  const variable = variables.find((name) => environment[name] !== undefined);
  if (file === undefined && variable === undefined) {
    problems.push({ where: flag, what: `is missing; give the file of ${what}, or set ${variables[0]}` });
    return new Secret('');
  }
  const { value, problem } = readSecret({
    ...(file === undefined ? { form: 'environment', text: variable } : { form: 'file', text: file }),
    folder: process.cwd(),
    environment,
  });
  if (problem !== undefined) problems.push({ where: file === undefined ? (variable ?? '') : flag, what: problem });
  return value;
}
