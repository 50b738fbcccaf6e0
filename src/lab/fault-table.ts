import type { Fault } from './fault.ts';
import { callerFaults } from './faults/caller-faults.ts';
import { exchangeFaults, providerFaults } from './faults/exchange-faults.ts';
import { providerSetUpFaults } from './faults/provider-set-up-faults.ts';
import { resourceFaults, serverFaults } from './faults/server-faults.ts';

/** Without any fault: nobody may find one. */
const healthy: Fault = {
  name: 'none',
  title: 'Everything is as it should be',
  explain: { nothing: 'nothing is wrong' },
  doctor: { nothing: 'nothing is wrong' },
};

/** Every fault of `usher lab faults`. Those that want the provider set up otherwise stand together: it is started anew for
 * each of them.
 */
export const faultTable: readonly Fault[] = [
  healthy,
  ...callerFaults,
  ...exchangeFaults,
  ...providerFaults,
  ...resourceFaults,
  ...serverFaults,
  ...providerSetUpFaults,
];
