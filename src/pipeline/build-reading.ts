import { isObject } from '../lib/is-object.ts';
import type { Credentialed } from '../model/stages.ts';

/** Looks at one JSON-RPC message of an answer; returns the same, what the caller gets instead, or undefined when that is
 * nothing.
 */
export type Rewrite = (message: unknown) => unknown;

export interface AnswerReading {
  readonly rewrite: Rewrite;
  /** Without one of these in an event, there is nothing in it to look at. */
  readonly marks: readonly string[];
  /** What may not be passed on unread: lists that the caller may not see whole. Other answers are only looked at. */
  readonly mustRead: boolean;
}

/** Keeps the answer back until then. */
export type Hold = (until: Promise<unknown>) => void;

/** Part of stage `forward`: what of an answer has to be looked at before the caller gets it. Undefined for nearly all:
 * their bytes pass untouched.
 * @param hold for as long as other replicas do not know of a task that is announced
 */
export function buildReading(credentialed: Credentialed, hold: Hold): AnswerReading | undefined {
  const { request, call, caller, route } = credentialed;
  const isGet = request.method === 'GET';
  const asks = (method: string) => call.messages.some((message) => message.method === method);
  // A stream that is listened to, or taken up again, may bring the answer to anything that was asked before.
  const mayList =
    isGet || asks('tools/list') || call.messages.some(({ method }) => method?.startsWith('tasks/') === true);
  const visible = mayList ? route.policy.visibleTools(caller) : undefined;
  const hasTasks = caller.principal !== '' && (isGet || call.messages.some(({ mayBecomeTask }) => mayBecomeTask));
  const listsTasks = caller.principal !== '' && (isGet || asks('tasks/list'));
  const hearsOfTasks = caller.principal !== '' && (isGet || asks('subscriptions/listen'));
  if (visible === undefined && !hasTasks && !listsTasks && !hearsOfTasks) return undefined;
  const tool = call.messages.find(({ method }) => method === 'tools/call')?.target;
  const rewrites: Rewrite[] = [];
  if (visible !== undefined) rewrites.push((message) => filterTools(message, visible));
  if (hasTasks) rewrites.push((message) => learnTask(message, credentialed, { tool, hold }));
  if (listsTasks) rewrites.push((message) => filterTasks(message, credentialed));
  if (hearsOfTasks) rewrites.push((message) => (isOfOthers(message, credentialed) ? undefined : message));
  return {
    rewrite: (message) => rewriteEach(message, (one) => rewrites.reduce((so, rewrite) => rewrite(so), one)),
    marks: ['"tools"', '"task', '\\u'],
    mustRead: visible !== undefined || (listsTasks && !isGet),
  };
}

/** A batch is answered with one (MCP 2025-03-26). */
function rewriteEach(message: unknown, rewrite: Rewrite): unknown {
  if (!Array.isArray(message)) return rewrite(message);
  const after = message.map(rewrite);
  if (after.every((one, index) => one === message[index])) return message;
  const rest = after.filter((one) => one !== undefined);
  return rest.length === 0 ? undefined : rest;
}

type Result = Readonly<Record<string, unknown>>;

function resultOf(message: unknown): Result | undefined {
  return isObject(message) && isObject(message['result']) ? message['result'] : undefined;
}

function withResult(message: unknown, result: Result): unknown {
  return isObject(message) ? { ...message, result } : message;
}

/** Only the tools this caller may use. Such a list is nobody else's: shared caches must not keep it (MCP 2026-07-28,
 * caching). A page that gets empty keeps its cursor: there may be more behind it.
 */
function filterTools(message: unknown, isVisible: (tool: string) => boolean): unknown {
  const result = resultOf(message);
  if (result === undefined) return message;
  // What a task resulted in.
  if (isObject(result['result'])) {
    const inner = filterTools({ result: result['result'] }, isVisible);
    const after = resultOf(inner);
    return after === result['result'] ? message : withResult(message, { ...result, result: after });
  }
  const tools = result['tools'];
  if (!Array.isArray(tools)) return message;
  const isShown = (tool: unknown) => isObject(tool) && typeof tool['name'] === 'string' && isVisible(tool['name']);
  return withResult(message, {
    ...result,
    tools: tools.filter(isShown),
    ...('cacheScope' in result ? { cacheScope: 'private' } : {}),
  });
}

/** Remembers whose task an answer announces: in `task` (MCP 2025-11-25), or as the result itself (tasks extension). */
function learnTask(
  message: unknown,
  { caller, route }: Credentialed,
  { tool, hold }: { readonly tool: string | undefined; readonly hold: Hold },
): unknown {
  const result = resultOf(message);
  const task = isObject(result?.['task']) ? result['task'] : result?.['resultType'] === 'task' ? result : undefined;
  const id = task?.['taskId'];
  // Somebody's task stays theirs.
  if (typeof id === 'string' && route.tasks.get(id) === undefined)
    route.tasks.set(id, { principal: caller.principal, tool });
  const shared = typeof id === 'string' ? route.tasks.whenShared?.(id) : undefined;
  if (shared !== undefined) hold(shared);
  return message;
}

function filterTasks(message: unknown, { caller, route }: Credentialed): unknown {
  const result = resultOf(message);
  const tasks = result?.['tasks'];
  if (result === undefined || !Array.isArray(tasks)) return message;
  const isOwn = (task: unknown) =>
    isObject(task) &&
    typeof task['taskId'] === 'string' &&
    route.tasks.get(task['taskId'])?.principal === caller.principal;
  return withResult(message, { ...result, tasks: tasks.filter(isOwn) });
}

/** Is it pushed about a task that is not the caller's? A server that sends it to the wrong stream would say what another
 * user does, and with what outcome. The state of a task is said of its owner's alone, as in a list: nobody may rely on being
 * told (MCP 2025-11-25, tasks, task status notification). Other messages of a task are kept back where it is known to be
 * somebody else's: they may overtake the answer that announces the task.
 */
function isOfOthers(message: unknown, { caller, route }: Credentialed): boolean {
  if (!isObject(message) || !isObject(message['params'])) return false;
  const { method, params } = message;
  const ownerOf = (id: unknown) => (typeof id === 'string' ? route.tasks.get(id) : undefined);
  if (typeof method === 'string' && /^notifications\/tasks(\/|$)/.test(method))
    return 'taskId' in params && ownerOf(params['taskId'])?.principal !== caller.principal;
  const meta = params['_meta'];
  const related = isObject(meta) ? meta['io.modelcontextprotocol/related-task'] : undefined;
  const owner = isObject(related) ? ownerOf(related['taskId']) : undefined;
  return owner !== undefined && owner.principal !== caller.principal;
}
