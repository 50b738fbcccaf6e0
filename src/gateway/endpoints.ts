import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditSink } from '../model/audit-sink.ts';
import type { Route } from '../model/route.ts';
import type { Inbound } from '../model/inbound.ts';
import { buildResourceMetadata, resourceMetadataPaths } from './resource-metadata.ts';

/** Answers a request for one of the gateway's own pages. */
export type Endpoint = (inbound: Inbound) => void;

interface State {
  readonly audit: AuditSink;
  /** Does it stop taking calls? */
  readonly isDraining: () => boolean;
}

/** The gateway's own pages, by exact path: health, readiness, protected resource metadata, a façade. Everything else is the
 * request path's. They need no token and tell nothing that is not public.
 */
export function buildEndpoints(routes: readonly Route[], state: State): ReadonlyMap<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>([
    ['/health', ({ request, response }) => send(request, response, { status: 200, body: { status: 'ok' } })],
    ['/ready', ({ request, response }) => send(request, response, readiness(routes, state))],
  ]);
  for (const [path, route] of resourceMetadataPaths(routes)) {
    const body = buildResourceMetadata(route);
    endpoints.set(path, ({ request, response }) => send(request, response, { status: 200, body, isPublic: true }));
  }
  for (const { facade } of routes) {
    for (const [path, page] of facade?.pages ?? []) endpoints.set(path, (inbound) => page(inbound, state.audit));
  }
  return endpoints;
}

/** What is missing before calls can be served, in words that tell nothing that is not public. */
function findWaiting(routes: readonly Route[], audit: AuditSink): string[] {
  const withoutKeys = findUnready(routes);
  return [
    ...withoutKeys.map((route) => `the issuer of tokens for ${route.name}`),
    ...routes.filter((route) => route.workload?.failure !== undefined).map((route) => `the server of ${route.name}`),
    ...(audit.failure === undefined ? [] : ['the audit trail']),
  ];
}

/** Those that cannot check tokens yet. Who is not ready gets no calls, and so nothing else would ask the issuer again. */
function findUnready(routes: readonly Route[]): readonly Route[] {
  const unready = routes.filter(({ authenticator }) => authenticator.lacking().length > 0);
  for (const { authenticator } of unready) void authenticator.warmUp();
  return unready;
}

/** The same for the operator: what is missing, why, and what to do about it; a sentence each. */
export function explainWaiting(routes: readonly Route[], audit: AuditSink): string[] {
  const lacking = findUnready(routes).flatMap(({ name, authenticator }) =>
    authenticator
      .lacking()
      .map(
        (what) =>
          `${what}. Callers of ${name} are refused until it is there, and it is asked for again at each call: see that this machine reaches it, and that the issuer is right`,
      ),
  );
  const down = routes.flatMap(({ name, workload }) =>
    workload?.failure === undefined ? [] : [`the server of ${name}, which has ended: ${workload.failure.hint}`],
  );
  const trail = audit.failure === undefined ? [] : [`the audit trail: ${audit.failure.hint}`];
  return [...lacking, ...down, ...trail].map((text) => text.replace(/\.$/, ''));
}

function readiness(routes: readonly Route[], { audit, isDraining }: State): Answer {
  if (isDraining()) return { status: 503, body: { status: 'stopping' } };
  const waitingFor = findWaiting(routes, audit);
  if (waitingFor.length > 0) return { status: 503, body: { status: 'not ready', waitingFor } };
  // Calls go on without it, as configured; whoever looks should see that they do.
  const without = audit.trouble === undefined ? {} : { without: ['the audit trail'] };
  return { status: 200, body: { status: 'ready', ...without } };
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** May pages of other origins read it? Metadata is meant for clients in browsers too (RFC 9728 §3.2). */
  readonly isPublic?: true;
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, isPublic }: Answer): void {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'cache-control': isPublic ? 'max-age=300' : 'no-store',
  };
  if (isPublic) {
    headers['access-control-allow-origin'] = '*';
    headers['access-control-allow-headers'] = 'mcp-protocol-version';
  }
  if (request.method === 'OPTIONS' && isPublic) {
    response
      .writeHead(204, { ...headers, 'access-control-allow-methods': 'GET', 'access-control-max-age': '86400' })
      .end();
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...headers, allow: 'GET, HEAD' }).end();
    return;
  }
  const text = JSON.stringify(body);
  headers['content-length'] = String(Buffer.byteLength(text));
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : text);
}
