import { isObject } from '../../lib/is-object.ts';
import type { Caller } from '../../model/caller.ts';
import { compileNames } from '../../lib/compile-names.ts';
import type { ToolRule } from './schema.ts';

export interface Ruling {
  readonly isAllowed: boolean;
  /** Which rule decided, as a clause for the audit trail; empty where there are no rules. */
  readonly reason: string;
}

/** Judges a caller and a tool by the first rule that fits both. Once there is a rule, what none allows is denied. */
export function buildToolRules(rules: readonly ToolRule[]): (caller: Caller, tool: string) => Ruling {
  if (rules.length === 0) return () => free;
  const compiled = rules.map(({ tools, claims, effect }, index) => ({
    fitsTool: compileNames(tools),
    claims: Object.entries(claims),
    ruling: {
      isAllowed: effect === 'allow',
      reason: `rule ${index + 1} ${effect === 'allow' ? 'allows' : 'denies'} it`,
    },
  }));
  return (caller, tool) =>
    compiled.find(
      (rule) =>
        rule.fitsTool(tool) && rule.claims.every(([name, wanted]) => hasValue(caller.tokenClaims, name, wanted)),
    )?.ruling ?? denied;
}

const free: Ruling = { isAllowed: true, reason: '' };
const denied: Ruling = { isAllowed: false, reason: 'no rule allows it' };

/** A list has a value when it holds it; text, numbers and booleans when they are it, type included. */
function hasValue(claims: Readonly<Record<string, unknown>>, name: string, wanted: readonly unknown[]): boolean {
  const found = findClaim(claims, name);
  const values: readonly unknown[] = Array.isArray(found) ? found : [found];
  return values.some((value) => wanted.includes(value));
}

/** The claim of exactly this name, or one inside others (`realm_access.roles`). Names of some providers are URLs, which
 * have dots too: the whole name goes first.
 */
function findClaim(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let found: unknown = claims;
  for (const part of name.split('.')) {
    if (!isObject(found) || !Object.hasOwn(found, part)) return undefined;
    found = found[part];
  }
  return found;
}
