import type { SetUpFault } from '../../../model/set-up-inspection.ts';
import { keycloakRefusals } from '../refusals.ts';

/** What only the admin API tells, in the words of the Admin Console.
 * Source: https://www.keycloak.org/docs/latest/server_admin/ and the pages of the console.
 */
const fixes = {
  'keycloak-client-disabled': 'Clients → the client: switch Enabled on, at the top right.',
  'keycloak-scope-left-out':
    'Client scopes → the scope → Settings: switch Include in token scope on; without it the token does not name the scope.',
  'keycloak-mcp-client-unknown':
    'Clients: look the Client ID of the MCP client up, for --client-id and for the client.',
  'keycloak-mcp-client-flow': 'Clients → the MCP client → Settings → Capability config: tick Standard flow.',
  'keycloak-callers-scope':
    'Clients → the MCP client → Client scopes → Add client scope: the scope, as Optional or Default; or mend --oidc-scopes.',
} as const;

/** The first are known refusals, too. */
export type KeycloakFaultId =
  | 'keycloak-realm-unknown'
  | 'keycloak-realm-disabled'
  | 'keycloak-exchange-unsupported'
  | 'keycloak-exchange-off'
  | 'keycloak-client-unknown'
  | 'keycloak-public-client'
  | 'keycloak-consent-missing'
  | 'keycloak-sender-constrained'
  | 'keycloak-audience-unknown'
  | 'keycloak-audience-disabled'
  | 'keycloak-audience-not-available'
  | 'keycloak-scope-invalid'
  | 'keycloak-not-in-audience'
  | keyof typeof fixes;

/** A fault with its fix: of its own, or the one of the refusal it leads to. */
export function keycloakFault(id: KeycloakFaultId, seen: string): SetUpFault {
  const own = Object.entries(fixes).find(([name]) => name === id)?.[1];
  return { id, seen, fix: own ?? keycloakRefusals.find((refusal) => refusal.id === id)?.fix ?? '' };
}
