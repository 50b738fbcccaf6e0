import { createHash } from 'node:crypto';
import type { Seed, SeedUser } from '../../seed/seed-schema.ts';
import { stableUuid } from '../ids.ts';

export function tenantIdOf({ org }: Seed): string {
  return stableUuid(`entra tenant ${org}`);
}

/** `oid`: the same for every app. */
export function objectIdOf(user: SeedUser): string {
  return stableUuid(`entra user ${user.login.toLowerCase()}`);
}

/** `sub`: another for each app (learn.microsoft.com/entra/identity-platform/access-token-claims-reference). */
export function pairwiseIdOf(user: SeedUser, audience: string): string {
  return createHash('sha256').update(`${user.login.toLowerCase()} at ${audience}`).digest('base64url');
}
