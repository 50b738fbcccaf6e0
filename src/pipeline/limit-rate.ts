import type { Authorized } from '../model/stages.ts';

/** Part of stage `authorize`: is it one call too many? Of allowed calls only: what is refused anyway uses nothing up. Undefined
 * when there is nothing to wait for, as nearly always.
 * @throws UsherError rate_limited, as a rejection too
 */
export function limitRate({ route, identity, call, from }: Authorized): Promise<void> | undefined {
  return route.rateLimits?.admit(identity.caller, call.messages, from);
}
