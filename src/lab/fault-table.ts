import type { Fault } from './fault.ts';
import { auth0Faults } from './faults/auth0-faults.ts';
import { callerFaults } from './faults/caller-faults.ts';
import { entraFaults } from './faults/entra-faults.ts';
import { introspectionFaults } from './faults/introspection-faults.ts';
import { oktaExchangeFaults } from './faults/okta-exchange-faults.ts';
import { keycloakFaults } from './faults/keycloak-faults.ts';
import { oktaSetUpFaults } from './faults/okta-set-up-faults.ts';
import { clientFaults, endpointFaults, providerFaults } from './faults/provider-faults.ts';
import { resourceFaults, serverFaults } from './faults/server-faults.ts';
import { faultsOf, type SharedFault } from './faults/shared-fault.ts';
import { type LabFlavour, labFlavours } from './start-fault-lab.ts';

/** Without any fault: nobody may find one. */
const healthy: SharedFault = {
  name: 'none',
  title: 'Everything is as it should be',
  explain: { nothing: 'nothing is wrong' },
  doctor: { nothing: 'nothing is wrong' },
};

/** What does not depend on whose provider it is. */
const shared: readonly SharedFault[] = [
  healthy,
  ...callerFaults,
  ...introspectionFaults,
  ...endpointFaults,
  ...providerFaults,
  ...resourceFaults,
  ...serverFaults,
  ...clientFaults,
];

/** What is particular to each. */
const own: Readonly<Record<LabFlavour, readonly Fault[]>> = {
  okta: [...oktaExchangeFaults, ...oktaSetUpFaults],
  keycloak: keycloakFaults,
  auth0: auth0Faults,
  entra: entraFaults,
};

/** Every fault of `usher lab faults`. Those that want the provider set up otherwise stand together: it is started anew for
 * each of them.
 */
export const faultTable: readonly Fault[] = labFlavours.flatMap((flavour) => [
  ...faultsOf(flavour, shared),
  ...own[flavour].map((fault) => ({ ...fault, flavour })),
]);
