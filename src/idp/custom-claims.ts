import { everyone } from './state/seed-state.ts';
import type { LiveClaim, LiveUser } from './state/state-schema.ts';

/** What a server's own claims add to a token of this kind; those for scopes that were not granted stay out.
 * Source: https://developer.okta.com/docs/guides/customize-tokens-returned-from-okta/
 */
export function customClaims(
  claims: readonly LiveClaim[],
  { kind, user, scopes }: { kind: LiveClaim['claimType']; user: LiveUser; scopes: readonly string[] },
): Readonly<Record<string, unknown>> {
  const wanted = claims.filter(
    (claim) =>
      claim.active &&
      claim.claimType === kind &&
      (claim.scopes.length === 0 || claim.scopes.some((scope) => scopes.includes(scope))),
  );
  return Object.fromEntries(wanted.map((claim) => [claim.name, valueOf(claim, user)]));
}

/** Why a claim cannot be given here; undefined when it can. */
export function findClaimProblem({ name, valueType, value, groupFilterType }: Omit<LiveClaim, 'id'>) {
  if (reserved.has(name)) return `The claim ${name} is reserved`;
  if (valueType === 'GROUPS') {
    if (groupFilterType === undefined) return 'A claim of groups needs a group_filter_type';
    return groupFilterType === 'REGEX' && !isPattern(value) ? 'The regular expression cannot be read' : undefined;
  }
  // Of Okta's expression language this provider knows the profile of a user and literals.
  return literal.test(value) || profileOf.test(value)
    ? undefined
    : 'Only user.login, user.email, user.firstName, user.lastName and string literals are known here';
}

// A token means what it says because of these.
const reserved = new Set(
  ['iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'sub', 'cid', 'uid', 'scp', 'ver', 'auth_time', 'cnf', 'act'].concat([
    'nonce',
    'at_hash',
    'amr',
    'idp',
    'azp',
  ]),
);
const literal = /^"([^"]*)"$|^'([^']*)'$/;
const profileOf = /^user\.(login|email|firstName|lastName)$/;

function valueOf({ valueType, value, groupFilterType }: LiveClaim, user: LiveUser): unknown {
  if (valueType === 'GROUPS') return [everyone, ...user.groups].filter((group) => fits(group, value, groupFilterType));
  const text = literal.exec(value);
  if (text !== null) return text[1] ?? text[2];
  const { login, email, firstName, lastName } = user;
  const profile: Readonly<Record<string, string | undefined>> = { login, email, firstName, lastName };
  return profile[profileOf.exec(value)?.[1] ?? ''];
}

function fits(group: string, value: string, filter: LiveClaim['groupFilterType']): boolean {
  const [a, b] = [group.toLowerCase(), value.toLowerCase()];
  switch (filter) {
    case 'EQUALS':
      return a === b;
    case 'CONTAINS':
      return a.includes(b);
    case 'REGEX':
      return new RegExp(`^(?:${value})$`).test(group);
    case 'STARTS_WITH':
    case undefined:
      return a.startsWith(b);
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
