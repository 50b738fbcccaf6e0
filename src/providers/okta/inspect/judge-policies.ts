import type { SetUpInspection } from '../../../model/set-up-inspection.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';
import type { FoundServer } from '../set-up/found.ts';
import type { OktaPolicy, OktaRule } from '../set-up/okta-shapes.ts';
import { isAbout } from '../set-up/plan-policies.ts';
import { type OktaFaultId, oktaFault } from './okta-fault.ts';
import type { KnownUser } from './read-org.ts';

/** What a server has to grant. */
export interface WantedGrant {
  readonly appId: string;
  readonly appLabel: string;
  readonly grantType: string;
  readonly scopes: readonly string[];
  /** Whose token it is for, where that is known. */
  readonly user: KnownUser | undefined;
}

/** Why one rule does not grant it. */
interface Reason {
  readonly id: OktaFaultId;
  readonly seen: string;
  /** The more, the further from what is wanted: the nearest rule is the one that was meant. */
  readonly weight: number;
}

/** Is there an active rule of an active policy that grants it; if not, what is wrong with those that come nearest.
 * Source: https://developer.okta.com/docs/concepts/policies/: a rule has to cover grant, person and every scope.
 */
export function judgePolicies({ server, policies }: FoundServer, wanted: WantedGrant): Partial<SetUpInspection> {
  const what = `the app "${wanted.appLabel}" ${nameOf(wanted.grantType)} for ${wanted.scopes.join(' ')}`;
  const tried: (readonly Reason[])[] = [];
  let limited: string | undefined;
  for (const { policy, rules } of policies) {
    const place = `access policy "${policy.name}" of "${server.name}"`;
    const outer = judgePolicy(policy, place, wanted);
    if (rules.length === 0)
      tried.push([...outer, { weight: 40, id: 'okta-rule-missing', seen: `The ${place} has no rule` }]);
    for (const rule of rules) {
      const reasons = [...outer, ...judgeRule(rule, place, wanted)];
      const people = describeLimit(rule, wanted.user);
      if (reasons.length > 0) tried.push(reasons);
      else if (people === undefined) return { good: [`The ${place} grants ${what}`] };
      else limited ??= `The ${place} grants ${what}, to ${people}`;
    }
  }
  if (limited !== undefined) return { open: [limited] };
  const [nearest] = tried.toSorted((a, b) => sum(a) - sum(b));
  // A policy for other apps alone is nothing that somebody got wrong.
  const isForOthers = nearest?.some(({ id, weight }) => id === 'okta-policy-missing' && weight + 20 < sum(nearest));
  if (nearest === undefined || isForOthers === true)
    return { faults: [oktaFault('okta-policy-missing', `No access policy of "${server.name}" grants ${what}`)] };
  return { faults: nearest.map(({ id, seen }) => oktaFault(id, seen)) };
}

function sum(reasons: readonly Reason[]): number {
  return reasons.reduce((all, { weight }) => all + weight, 0);
}

function judgePolicy(policy: OktaPolicy, place: string, { appId, appLabel }: WantedGrant): readonly Reason[] {
  const reasons: Reason[] = [];
  if (!isAbout(policy, appId))
    reasons.push({
      weight: 100,
      id: 'okta-policy-missing',
      seen: `The ${place} is not assigned to the app "${appLabel}"`,
    });
  if (policy.status !== 'ACTIVE')
    reasons.push({ weight: 10, id: 'okta-policy-inactive', seen: `The ${place} is ${policy.status}` });
  return reasons;
}

function judgeRule(rule: OktaRule, place: string, { grantType, scopes, user }: WantedGrant): readonly Reason[] {
  const { conditions, status } = rule;
  const name = `The rule "${rule.name}" of the ${place}`;
  const [grants, granted] = [conditions.grantTypes.include, conditions.scopes.include];
  const missing = granted.includes('*') ? [] : scopes.filter((scope) => !granted.includes(scope));
  const reasons: Reason[] = [];
  if (status !== 'ACTIVE') reasons.push({ weight: 10, id: 'okta-rule-inactive', seen: `${name} is ${status}` });
  if (!grants.includes(grantType)) {
    const seen = `${name} has the grants ${listOf(grants.map(nameOf))}, not ${nameOf(grantType)}`;
    reasons.push({ weight: 30, id: 'okta-rule-lacks-grant', seen });
  }
  if (missing.length > 0) {
    const seen = `${name} grants ${listOf(granted)}, not ${missing.join(' ')}`;
    reasons.push({ weight: 20, id: 'okta-rule-lacks-scope', seen });
  }
  if (user !== undefined && !isFor(rule, user))
    reasons.push({ weight: 5, id: 'okta-rule-other-people', seen: `${name} is not for ${user.login}` });
  return reasons;
}

function isFor({ conditions: { people } }: OktaRule, { id, groups }: KnownUser): boolean {
  const isAmong = (users: readonly string[], those: readonly string[]) =>
    users.includes(id) || those.includes('EVERYONE') || groups.some((group) => those.includes(group));
  return isAmong(people.users.include, people.groups.include) && !isAmong(people.users.exclude, people.groups.exclude);
}

/** Whom a rule is for, where that is not everybody and it is not known who will call. */
function describeLimit({ conditions: { people } }: OktaRule, user: KnownUser | undefined): string | undefined {
  if (user !== undefined) return undefined;
  const { users, groups } = people;
  const excluded = users.exclude.length + groups.exclude.length;
  if (groups.include.includes('EVERYONE')) return excluded === 0 ? undefined : `all but ${excluded} users or groups`;
  return `${users.include.length} users and the members of ${groups.include.length} groups only`;
}

/** As the console has them. */
const names: Readonly<Record<string, string>> = {
  [tokenExchangeGrant]: 'Token Exchange',
  authorization_code: 'Authorization Code',
  client_credentials: 'Client Credentials',
};

function nameOf(grantType: string): string {
  return names[grantType] ?? grantType;
}

function listOf(texts: readonly string[]): string {
  return texts.length === 0 ? 'none' : texts.join(', ');
}
