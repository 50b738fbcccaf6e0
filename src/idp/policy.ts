import type { GrantType, SeedPeople, SeedRule, SeedServer, SeedUser } from './seed/seed-schema.ts';
import { everyone } from './state/seed-state.ts';

/** What somebody asks an authorization server for. */
export interface PolicyQuestion {
  readonly clientId: string;
  readonly grantType: Exclude<GrantType, 'refresh_token'>;
  /** Absent for client credentials. */
  readonly user: SeedUser | undefined;
  readonly scopes: readonly string[];
}

/** The rule that grants it, or undefined: then it is refused. Policies that name the client are asked by priority, their
 * rules by priority; the first rule that covers grant, person and every scope decides. Inactive ones do not count.
 * Source: https://developer.okta.com/docs/concepts/policies/ and the policy API's AuthorizationServerPolicyRule.
 */
export function findRule(server: SeedServer, question: PolicyQuestion): SeedRule | undefined {
  for (const policy of byPriority(server.policies)) {
    if (!policy.active) continue;
    if (policy.clients !== 'ALL_CLIENTS' && !policy.clients.includes(question.clientId)) continue;
    const rule = byPriority(policy.rules).find((candidate) => covers(candidate, question));
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function covers(rule: SeedRule, { grantType, user, scopes }: PolicyQuestion): boolean {
  return (
    rule.active &&
    rule.grantTypes.includes(grantType) &&
    // Client credentials have no person, so the people condition does not apply to them.
    (user === undefined || isAmong(user, rule.people)) &&
    (rule.scopes === '*' || scopes.every((scope) => rule.scopes.includes(scope)))
  );
}

/** Is the user one of these people? */
export function isAmong(user: SeedUser, people: SeedPeople): boolean {
  if (people === 'EVERYONE') return true;
  const isMember = (group: string) => group === everyone || user.groups.includes(group);
  return people.users.includes(user.login) || people.groups.some(isMember);
}

function byPriority<T extends { readonly priority?: number | undefined }>(list: readonly T[]): readonly T[] {
  return list
    .map((item, index) => ({ item, priority: item.priority ?? index + 1 }))
    .sort((a, b) => a.priority - b.priority)
    .map(({ item }) => item);
}
