import type { IncomingMessage } from 'node:http';
import type { Inbound } from '../model/inbound.ts';
import type { Routed } from '../model/stages.ts';
import type { Route } from '../model/route.ts';
import { fail } from '../model/usher-error.ts';
import { allowOrigin, isPreflight } from './cors.ts';

const methods = new Set(['POST', 'GET', 'DELETE']);

/** Stage `route`: which server is meant, and may this name and this page talk to it. The path is compared as it came:
 * nothing is decoded or normalised, so no spelling of a path can mean two things.
 * @throws UsherError of stage route
 */
export function route(inbound: Inbound, routes: ReadonlyMap<string, Route>): Routed {
  const { request, path } = inbound;
  const found = routes.get(path);
  if (found === undefined) {
    const mounted = [...routes.keys()].join(', ');
    throw fail('route_not_found', { path: JSON.stringify(path), meant: describeMeant(path, routes), mounted });
  }
  const { method = '', headers } = request;
  checkHostLines(request);
  checkHost(headers.host ?? '', found);
  if (headers.origin !== undefined) {
    checkOrigin(headers.origin, found);
    allowOrigin(inbound.response, headers.origin);
  }
  if (!methods.has(method) && !isPreflight(request)) throw fail('method_not_allowed', { method });
  return { ...inbound, route: found };
}

/** People copy addresses with a slash behind them, and their client shows them what is said here. */
function describeMeant(path: string, routes: ReadonlyMap<string, Route>): string {
  const meant = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
  return routes.has(meant) ? `; did you mean ${JSON.stringify(meant)}?` : '';
}

/** RFC 9112 §3.2: exactly one, in HTTP/1.1; which of two counts must not depend on who reads. */
function checkHostLines({ rawHeaders, httpVersion }: IncomingMessage): void {
  let lines = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') lines += 1;
  }
  if (lines > 1) throw fail('request_malformed', { reason: `there are ${lines} Host headers` });
  if (lines === 0 && httpVersion !== '1.0') throw fail('request_malformed', { reason: 'there is no Host header' });
}

/** A page whose name was rebound to this address sends its own name here (MCP transports, security warning). */
function checkHost(host: string, { allowedHosts }: Route): void {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  if (!allowedHosts.has(name))
    throw fail('host_not_allowed', { host: JSON.stringify(host), allowed: [...allowedHosts].join(', ') });
}

function checkOrigin(origin: string, { allowedOrigins }: Route): void {
  if (!allowedOrigins.has(origin)) {
    throw fail('origin_not_allowed', { origin: JSON.stringify(origin), allowed: [...allowedOrigins].join(', ') });
  }
}
