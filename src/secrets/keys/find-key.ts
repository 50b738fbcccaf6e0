import { findClosest } from '../../lib/closest.ts';
import type { KeyHolder, Places } from '../places.ts';
import { StoreTrouble } from '../store-trouble.ts';
import { readKeyFile, takeKeyFile } from './key-file.ts';
import { makeKeyringKey, readKeyringKey } from './keyring.ts';
import type { KeySpec } from './key-spec.ts';
import { derivePasswordKey, hasPassword, makePasswordSpec } from './password-key.ts';

/** The key of a store that is there.
 * @throws StoreTrouble
 */
export function findKey(spec: KeySpec, { keyFile, environment }: Places): string {
  switch (spec.from) {
    case 'password':
      return derivePasswordKey(spec, environment);
    case 'keyring':
      return readKeyringKey(spec.id, environment);
    case 'file':
      return readKeyFile(keyFile);
  }
}

/** The key of a new store: of a password where one is given, else in the keyring where there is one, else in a file.
 * @throws StoreTrouble when the way that is asked for does not work: there is no other then
 */
export async function makeKey(places: Places): Promise<{ spec: KeySpec; key: string }> {
  const { environment, keyFile } = places;
  const holder = chooseHolder(places);
  if (holder === 'password' || (holder === undefined && hasPassword(environment))) {
    const spec = makePasswordSpec();
    return { spec, key: derivePasswordKey(spec, environment) };
  }
  if (holder !== 'file') {
    const made = makeKeyringKey(environment);
    if ('key' in made) return made;
    if (holder === 'keyring')
      throw new StoreTrouble(`its key cannot be kept in the keyring: ${made.reason}`, 'Use another USHER_SECRETS_KEY');
  }
  return { spec: { from: 'file' }, key: await takeKeyFile(keyFile) };
}

const holders: readonly KeyHolder[] = ['password', 'keyring', 'file'];

function chooseHolder({ holder }: Places): KeyHolder | undefined {
  if (holder === undefined) return undefined;
  const known = holders.find((one) => one === holder);
  if (known !== undefined) return known;
  const closest = findClosest(holder, holders);
  const meant = closest === undefined ? '' : `; did you mean ${closest}?`;
  throw new StoreTrouble(
    `USHER_SECRETS_KEY is ${JSON.stringify(holder)}, expected one of ${holders.join(', ')}${meant}`,
    'Mend the variable, or unset it',
  );
}
