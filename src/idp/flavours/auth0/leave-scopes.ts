import type { SeedServer, SeedUser } from '../../seed/seed-schema.ts';

/** Of the scopes asked for, what the API has and, with RBAC, what the user may: the rest is left out without a word
 * (auth0.com/docs/get-started/apis/enable-role-based-access-control-for-apis).
 */
export function leaveScopes(
  { scopes, rbac }: SeedServer,
  { permissions = [] }: SeedUser,
  asked: readonly string[],
): readonly string[] {
  const names = scopes.map(({ name }) => name).filter((name) => asked.includes(name));
  return rbac === true ? names.filter((name) => permissions.includes(name)) : names;
}
