import type { ServerResponse } from 'node:http';
import type { Routed } from '../model/stages.ts';
import { isForwardable } from './upstream-headers.ts';

/** What a page may read of an answer, beside the usual ones: without these a client in a browser can neither sign in nor go
 * on with a session.
 */
const exposed = 'Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, DPoP-Nonce, Retry-After';
/** Looked at, and never sent on. */
const looked: ReadonlySet<string> = new Set(['authorization', 'dpop']);
const preflightSeconds = 600;

/** Lets the page that calls read the answer, whatever it will be (Fetch standard, CORS protocol). Its origin has been
 * checked. Never with credentials: a browser adds none by itself here.
 */
export function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', exposed);
  response.setHeader('vary', 'origin');
}

/** A question of a browser, which carries no token and must not need one: may this page send such a request? */
export function isPreflight({ method, headers }: Routed['request']): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/** Answers it: the methods of the endpoint, and of the headers asked for those that would be looked at or sent on. */
export function answerPreflight({ request, response, route }: Routed): void {
  const asked = (request.headers['access-control-request-headers'] ?? '').split(',');
  const names = asked
    .map((name) => name.trim().toLowerCase())
    .filter((name) => looked.has(name) || isForwardable(name, route.forwardedHeaders));
  response.writeHead(204, {
    'access-control-allow-methods': 'POST, GET, DELETE',
    ...(names.length === 0 ? {} : { 'access-control-allow-headers': names.join(', ') }),
    'access-control-max-age': String(preflightSeconds),
  });
  response.end();
}
