import type { SeedUser } from '../../seed/seed-schema.ts';
import { stableHex } from '../ids.ts';

/** Auth0's name of a user of a database connection. */
export function userIdOf(user: SeedUser): string {
  return `auth0|${stableHex(`auth0 user ${user.login.toLowerCase()}`, 24)}`;
}
