import type { Fault } from './fault.ts';
import { auth0Faults } from './faults/auth0-faults.ts';
import { callerFaults } from './faults/caller-faults.ts';
import { entraFaults } from './faults/entra-faults.ts';
import { exchangeFaults, providerFaults } from './faults/exchange-faults.ts';
import { keycloakFaults } from './faults/keycloak-faults.ts';
import { providerSetUpFaults } from './faults/provider-set-up-faults.ts';
import { resourceFaults, serverFaults } from './faults/server-faults.ts';

/** Without any fault: nobody may find one. */
const healthy = {
  title: 'Everything is as it should be',
  explain: { nothing: 'nothing is wrong' },
  doctor: { nothing: 'nothing is wrong' },
} as const;

/** Every fault of `usher lab faults`. Those that want the provider set up otherwise stand together: it is started anew for
 * each of them.
 */
export const faultTable: readonly Fault[] = [
  { name: 'none', ...healthy },
  ...callerFaults,
  ...exchangeFaults,
  ...providerFaults,
  ...resourceFaults,
  ...serverFaults,
  ...providerSetUpFaults,
  { name: 'keycloak-none', flavour: 'keycloak', ...healthy },
  ...keycloakFaults,
  { name: 'auth0-none', flavour: 'auth0', ...healthy },
  ...auth0Faults,
  { name: 'entra-none', flavour: 'entra', ...healthy },
  ...entraFaults,
];
