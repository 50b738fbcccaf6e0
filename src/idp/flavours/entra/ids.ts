import { createHash } from 'node:crypto';
import type { Seed, SeedUser } from '../../seed/seed-schema.ts';
import { stableUuid } from '../ids.ts';

export function tenantIdOf({ org }: Seed): string {
  return stableUuid(`entra tenant ${org}`);
}

/** Which every tenant has from the start. */
export function domainOf({ org }: Seed): string {
  return `${org.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}.onmicrosoft.com`;
}

/** `oid`: the same for every app. */
export function objectIdOf(user: Pick<SeedUser, 'login'>): string {
  return stableUuid(`entra user ${user.login.toLowerCase()}`);
}

/** `sub`: another for each app (learn.microsoft.com/entra/identity-platform/access-token-claims-reference). */
export function pairwiseIdOf(user: SeedUser, audience: string): string {
  return createHash('sha256').update(`${user.login.toLowerCase()} at ${audience}`).digest('base64url');
}
