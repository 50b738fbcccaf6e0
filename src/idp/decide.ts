import type { ServerContext } from './org.ts';
import { oidcScopes } from './oidc-scopes.ts';
import { findRule, type PolicyQuestion } from './policy.ts';
import { Refusal } from './refusals.ts';
import type { SeedRule } from './seed/seed-schema.ts';
import { tokenExchangeGrant } from '../model/urns.ts';

/** The rule that grants what is asked.
 * @throws Refusal `user_not_assigned` or `policy_failed`
 */
export function decide({ org, server }: ServerContext, question: PolicyQuestion): SeedRule {
  const { user, clientId, grantType, scopes } = question;
  if (user !== undefined && grantType !== tokenExchangeGrant && !org.directory.isAssigned(user, clientId)) {
    throw new Refusal('user_not_assigned', `user ${user.login} is not assigned to app ${clientId}`);
  }
  const rule = findRule(server, question);
  if (rule === undefined) {
    throw new Refusal(
      'policy_failed',
      `no active policy rule of server ${server.id} grants ${grantType} with scopes [${scopes.join(' ')}] to client ${clientId}` +
        (user === undefined ? '' : ` for ${user.login}`),
    );
  }
  return rule;
}

/** The scopes to grant, once each: what was asked for, or the server's default scopes when nothing was.
 * @throws Refusal `scope_unknown` or `scope_missing`
 */
export function parseScopes({ server }: ServerContext, requested: string): readonly string[] {
  const scopes = [...new Set(requested.split(' ').filter((scope) => scope !== ''))];
  if (scopes.length === 0) {
    const defaults = server.scopes.filter((scope) => scope.default).map((scope) => scope.name);
    if (defaults.length === 0) throw new Refusal('scope_missing', `server ${server.id} has no default scope`);
    return defaults;
  }
  const unknown = scopes.filter((name) => !oidcScopes.has(name) && !server.scopes.some((scope) => scope.name === name));
  if (unknown.length > 0) {
    throw new Refusal('scope_unknown', `server ${server.id} has no scope ${unknown.join(', ')}`);
  }
  return scopes;
}
