import { createHash, randomInt } from 'node:crypto';

/** What Okta's ids begin with, by what they are of. */
export type IdPrefix = 'aus' | '0oa' | '00u' | '00g' | '00p' | '0pr' | 'scp' | 'ocl' | 'ocs' | 'oae' | '00o';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A new id of Okta's form: twenty letters and digits. */
export function makeId(prefix: IdPrefix): string {
  const rest = Array.from({ length: 17 }, () => letters[randomInt(letters.length)]);
  return prefix + rest.join('');
}

/** The id of something the seed has, the same at every start. */
export function seedId(prefix: IdPrefix, ...names: readonly string[]): string {
  const hash = createHash('sha256').update(names.join('\u0000'));
  return prefix + hash.digest('hex').slice(0, 17);
}
