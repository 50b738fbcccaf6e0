import type { SeedUser } from '../../seed/seed-schema.ts';
import { stableUuid } from '../ids.ts';

/** Keycloak names its users by UUID. */
export function userIdOf(user: SeedUser): string {
  return stableUuid(`keycloak user ${user.login.toLowerCase()}`);
}
