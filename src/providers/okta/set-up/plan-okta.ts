import { joinPlans, type OktaPlan } from './change.ts';
import type { OktaFound } from './found.ts';
import { planApps } from './plan-apps.ts';
import { planPolicies } from './plan-policies.ts';
import { planServers } from './plan-servers.ts';
import type { OktaWanted } from './wanted.ts';

/** What has to be done for an org to have what is wanted, in an order that works. Pure: nothing is read or sent.
 * @throws UsherError `setup_conflict`
 */
export function planOkta(wanted: OktaWanted, found: OktaFound): OktaPlan {
  return joinPlans(planServers(wanted, found), planApps(wanted, found), planPolicies(wanted, found));
}
