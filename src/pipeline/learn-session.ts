import type { Credentialed } from '../model/stages.ts';
import { fail } from '../model/usher-error.ts';
import { isModern } from '../model/protocol-version.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Part of stage `forward`: whose a session is, from the answer that gives it out (MCP 2025-11-25, session management);
 * and that it is over.
 * @throws UsherError upstream_failed when the server gives somebody else's session out
 */
export function learnSession({ request, route, caller, call }: Credentialed, status: number, headers: Headers): void {
  if (caller.principal === '') return;
  const used = request.headers['mcp-session-id'];
  const isOver = status === 404 || (request.method === 'DELETE' && status < 300);
  // From 2026-07-28 on the header was not sent on: the answer is about something else.
  const isUsed = typeof used === 'string' && !isModern(call.messages[0]?.version);
  if (isUsed && isOver && route.sessions.get(used)?.principal === caller.principal) route.sessions.delete(used);
  const given = headers['mcp-session-id'];
  if (typeof given !== 'string' || status >= 300 || isOver) return;
  const owner = route.sessions.get(given);
  if (owner === undefined) route.sessions.set(given, { principal: caller.principal, tool: undefined });
  else if (owner.principal !== caller.principal) {
    const reason = 'it gave out a session that belongs to another user or client';
    throw fail('upstream_failed', { target: route.upstream.target, reason });
  }
}

/** Until all replicas know the session that an answer gives out; undefined for nearly every answer. A client that has it may
 * use it at another one at once.
 */
export function findShared({ route, caller }: Credentialed, headers: Headers): Promise<void> | undefined {
  const given = headers['mcp-session-id'];
  return typeof given !== 'string' || caller.principal === '' ? undefined : route.sessions.whenShared?.(given);
}
