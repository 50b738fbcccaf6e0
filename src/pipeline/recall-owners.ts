import type { Understood } from '../model/stages.ts';
import { isModern } from '../model/protocol-version.ts';

/** Of one call: nobody makes the shared state work for thousands of made-up ids. */
const mostRecalled = 50;

/** Part of stage `authorize`: asks the other replicas about the session and the tasks of a call that are not known here.
 * Undefined, as nearly always, when there is nothing to ask.
 */
export function recallOwners({ request, route, identity, call }: Understood): Promise<unknown> | undefined {
  const { sessions, tasks } = route;
  if (sessions.recall === undefined || identity.caller.principal === '') return undefined;
  const waits: (Promise<void> | undefined)[] = [];
  const session = request.headers['mcp-session-id'];
  if (session !== undefined && !isModern(call.messages[0]?.version)) waits.push(sessions.recall(String(session)));
  for (const { method, target, taskIds } of call.messages) {
    const ids = method?.startsWith('tasks/') === true && target !== undefined ? [target, ...taskIds] : taskIds;
    for (const id of ids) if (waits.length < mostRecalled) waits.push(tasks.recall?.(id));
  }
  const asked = waits.filter((wait) => wait !== undefined);
  return asked.length === 0 ? undefined : Promise.all(asked);
}
