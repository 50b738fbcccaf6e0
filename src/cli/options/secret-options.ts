import { quote } from '../../config/quote.ts';
import type { Problem } from '../../config/source.ts';
import { reportUsage } from '../../config/report.ts';
import { findClosest } from '../../lib/closest.ts';
import { secretName, secretNameWanted, type SecretStore } from '../../model/secret-store.ts';
import { fail } from '../../model/usher-error.ts';
import type { SimpleOption } from './simple-options.ts';

export const secretOptions = {
  json: { flags: '--json', help: 'Print JSON', group: 'Output' },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Output' },
} as const satisfies Record<string, SimpleOption>;

/** The name a command is about.
 * @throws UsherError `usage_invalid` with this and the other problems
 */
export function readSecretName(
  operands: readonly string[],
  tail: readonly string[] | undefined,
  { problems, own = false, most = 1 }: { problems: readonly Problem[]; own?: boolean; most?: number },
): string {
  const [name] = operands;
  const found: Problem[] = [...problems];
  if (name === undefined) found.push({ where: 'NAME', what: 'is missing; see usher secret list' });
  else if (!secretName.test(name) && !(own && isOwnName(name))) {
    // Not quoted: whoever mixes the two up gives the secret itself.
    found.push({ where: 'NAME', what: `is no name of a secret, which is made of ${secretNameWanted}` });
  }
  if (operands.length > most || tail !== undefined)
    found.push({ where: 'arguments', what: 'are too many: expected one NAME' });
  if (found.length > 0 || name === undefined) throw reportUsage(found);
  return name;
}

/** Of secrets Usher keeps for itself: `login/…`, `caller/…`. */
export function isOwnName(name: string): boolean {
  return /^[a-z]{1,20}\/[A-Za-z0-9._-]{1,100}$/.test(name);
}

/** Refuses for a name that is not there, with the one that was most likely meant. */
export function unknownSecret(name: string, store: SecretStore): Error {
  const names = store.list().map((one) => one.name);
  const closest = findClosest(name, names);
  const advice =
    names.length === 0
      ? `Nothing is kept there yet: usher secret set ${name}`
      : `${closest === undefined ? '' : `Did you mean ${closest}? `}See usher secret list`;
  return fail('secret_unknown', { name: quote(name), path: store.path, advice });
}
