import type { Authorized, Understood } from '../model/stages.ts';

/** Stage `authorize`: may this caller do this.
 * @throws UsherError of stage authorize
 */
export function authorize(understood: Understood): Authorized {
  const { route, identity, call } = understood;
  return { ...understood, decision: route.policy.authorize(identity.caller, call) };
}
