import type { Authorized, Understood } from '../model/call.ts';

/** Stage `authorize`: may this caller do this.
 * @throws UsherError of stage authorize
 */
export function authorize(understood: Understood): Authorized {
  return { ...understood, decision: understood.route.policy.authorize(understood) };
}
