import type { Message } from '../model/call.ts';
import type { Caller } from '../model/caller.ts';
import type { Asked } from '../model/policy.ts';
import type { Owner, Owners } from '../model/owner.ts';
import type { Authorized, Understood } from '../model/stages.ts';
import { fail } from '../model/usher-error.ts';
import { isModern } from '../model/protocol-version.ts';

/** Stage `authorize`: may this caller do this. Sessions and tasks belong to whoever started them; what they ask for, and
 * with which scopes, the policy judges.
 * @throws UsherError of stage authorize
 */
export function authorize(understood: Understood): Authorized {
  const { route, identity, call } = understood;
  const { caller } = identity;
  checkSession(understood);
  const asked: Asked[] = [];
  for (const message of call.messages) addAsked(asked, message, understood);
  return { ...understood, decision: route.policy.authorize(caller, asked) };
}

/** A session id is no proof of anything (MCP security best practices, session hijacking): it has to be the caller's own,
 * whatever is done with it. Unknown ones are answered as the standard has it for sessions that ended, so that a client
 * starts anew.
 */
function checkSession({ request, route, identity, call }: Understood): void {
  const id = request.headers['mcp-session-id'];
  if (id === undefined || identity.caller.principal === '' || isModern(call.messages[0]?.version)) return;
  const owner = route.sessions.get(String(id));
  if (owner?.principal === identity.caller.principal) return;
  const reason =
    owner === undefined ? 'Nobody started it through this gateway' : 'It belongs to another user or client';
  throw fail('session_unknown', { reason });
}

/** Whoever listens to tasks asks for each of them. */
function addAsked(asked: Asked[], message: Message, { identity: { caller }, route: { tasks } }: Understood): void {
  const one = { message, tool: findTool(message, caller, tasks) };
  if (message.taskIds.length === 0 || caller.principal === '') asked.push(one);
  else for (const id of message.taskIds) asked.push({ message, tool: findOwn(id, caller, tasks).tool });
}

/** The tool a message is about: its own, or that of the task it asks for, so that a task is judged as the call that
 * started it.
 * @throws UsherError task_unknown for somebody else's task (MCP tasks, task isolation)
 */
function findTool(message: Message, { principal }: Caller, tasks: Owners): Asked['tool'] {
  const { method, target } = message;
  if (method === 'tools/call') return target;
  if (target === undefined || principal === '' || method?.startsWith('tasks/') !== true) return undefined;
  if (isModern(message.version) && tasks.get(target)?.principal !== principal) checkTasksExtension(method, message);
  return findOwn(target, { principal }, tasks).tool;
}

function findOwn(id: string, { principal }: Pick<Caller, 'principal'>, tasks: Owners): Owner {
  const owner = tasks.get(id);
  if (owner?.principal === principal) return owner;
  const reason =
    owner === undefined ? 'Nobody started it through this gateway' : 'It belongs to another user or client';
  throw fail('task_unknown', { task: JSON.stringify(id), reason });
}

const methodsOfExtension = new Set(['tasks/get', 'tasks/update', 'tasks/cancel']);

/** What a server of 2026-07-28 answers whatever task is asked for, so that nothing is told by another answer (tasks
 * extension; MCP versioning, extension negotiation).
 */
function checkTasksExtension(method: string, { mayBecomeTask }: Message): void {
  if (!methodsOfExtension.has(method)) throw fail('method_unknown', { method: JSON.stringify(method) });
  if (!mayBecomeTask) throw fail('capability_missing', { capability: 'io.modelcontextprotocol/tasks' });
}
