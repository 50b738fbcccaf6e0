import type { SetUpFault } from '../../../model/set-up-inspection.ts';
import { oktaRefusals } from '../refusals.ts';

/** Where the servers are in the console, in its words. */
const servers = 'Security → API → Authorization Servers';
const policies = `${servers} → the server → Access Policies`;

/** What only the management API tells: the token endpoint answers alike for several of them, or not at all.
 * Source: https://developer.okta.com/docs/guides/configure-access-policy/main/ and the pages of the console.
 */
const fixes = {
  'okta-server-inactive': `${servers}: set it Active in the menu of its row.`,
  'okta-issuer-other': `${servers} → the server → Settings: copy Issuer as it is into --oidc-issuer.`,
  'okta-callers-audience': `${servers} → the server people sign in at → Settings: copy Audience as it is into --oidc-audience.`,
  'okta-callers-scope-unknown': `${servers} → the server people sign in at → Scopes → Add Scope, or mend the name in --oidc-scopes.`,
  'okta-app-inactive': 'Applications → the app: choose Active in the menu beside its name.',
  'okta-mcp-client-unknown':
    'Applications → the app of the MCP client → General → Client Credentials: take Client ID from there for --client-id and for the client.',
  'okta-mcp-client-grant':
    'Applications → the app → General → General Settings → Edit: tick Authorization Code under Grant type.',
  'okta-policy-missing': `${policies} → Add New Access Policy, assigned to the app, then Add Rule in it; or assign one that is there.`,
  'okta-policy-inactive': `${policies} → the policy: set it Active in its menu.`,
  'okta-rule-missing': `${policies} → the policy → Add Rule.`,
  'okta-rule-inactive': `${policies} → the policy: set the rule Active in its row.`,
  'okta-rule-lacks-grant': `${policies} → the policy → the rule → Edit: tick the grant under IF Grant type is (Token Exchange is under Advanced).`,
  'okta-rule-lacks-scope': `${policies} → the policy → the rule → Edit: add the scope under AND Scopes requested. One scope that no rule grants refuses all of them.`,
  'okta-rule-other-people': `${policies} → the policy → the rule → Edit: widen AND User is; or Directory → Groups: add the user to a group of the rule.`,
  'okta-user-inactive': 'Directory → People: the user has to be there and Active.',
} as const;

/** The first are known refusals, too. */
export type OktaFaultId =
  | 'okta-server-not-found'
  | 'okta-server-not-trusted'
  | 'okta-audience'
  | 'okta-scope-unknown'
  | 'okta-scope-openid'
  | 'okta-client-unknown'
  | 'okta-grant-not-ticked'
  | 'okta-dpop-required'
  | 'okta-user-not-assigned'
  | keyof typeof fixes;

/** A fault with its fix: of its own, or the one of the refusal it leads to. */
export function oktaFault(id: OktaFaultId, seen: string): SetUpFault {
  const own = Object.entries(fixes).find(([name]) => name === id)?.[1];
  return { id, seen, fix: own ?? oktaRefusals.find((refusal) => refusal.id === id)?.fix ?? '' };
}
