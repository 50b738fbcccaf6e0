import type { OrgData } from '../state/state-schema.ts';
import { type ApiAnswer, type ApiRequest, type ApiRoute, noContent } from './api.ts';

/** The routes that switch something on and off.
 * @param path of the thing
 * @param thingAt throws `ApiError` when there is no such thing
 */
export function lifecycleRoutes(
  path: string,
  thingAt: (draft: OrgData, request: ApiRequest) => { active: boolean },
  answer: ApiAnswer = noContent,
): readonly ApiRoute[] {
  return (['activate', 'deactivate'] as const).map((verb) => ({
    method: 'POST',
    path: `${path}/lifecycle/${verb}`,
    handle: async ({ org }, request) => {
      await org.state.change((draft) => {
        thingAt(draft, request).active = verb === 'activate';
      });
      return answer;
    },
  }));
}
