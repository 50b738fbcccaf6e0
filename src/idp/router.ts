import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopbackHost } from '../lib/loopback.ts';
import type { RequestHandler } from './authorization-server.ts';
import { pageHeaders } from './pages.ts';

/** One of the two listeners and what it answers with. */
export interface ServedSide {
  /** Origin people reach this side at. */
  readonly base: string;
  /** All servers of the org that are active, also those of the other side. */
  servers(): readonly { readonly id: string; readonly issuer: string; readonly handle: RequestHandler }[];
  /** The management API: `/api/v1`. */
  readonly manage: RequestHandler;
  landing(): string;
}

const wellKnown = /^\/\.well-known\/(oauth-authorization-server|openid-configuration)\/oauth2\/([^/]+)$/;
const mounted = /^\/oauth2\/([^/]+)(?:\/|$)/;

/** Finds the server a request is for. Metadata answers at both forms: appended to the issuer as Okta has it, and
 * inserted before its path (RFC 8414 §3.1). Servers answer under their own issuer's scheme only.
 */
export function buildRouter(side: ServedSide): RequestHandler {
  const { host: canonicalHost } = new URL(side.base);
  return (request, response) => {
    const found = parseHost(request, canonicalHost);
    if (found === undefined) {
      return refuse(response, 421, `This provider answers for ${side.base} and this machine's loopback addresses only`);
    }
    const target = URL.parse(request.url ?? '/', side.base);
    if (target === null) return refuse(response, 400, 'The request target is not a URL path');
    const inserted = wellKnown.exec(target.pathname);
    if (inserted !== null) {
      target.pathname = `/oauth2/${inserted[2]}/.well-known/${inserted[1]}`;
      request.url = target.pathname + target.search;
    }
    if (target.pathname === '/') return answerLanding(side, request, response);
    if (target.pathname.startsWith('/api/')) return side.manage(request, response);
    const id = mounted.exec(target.pathname)?.[1];
    const servers = side.servers();
    const server = servers.find((one) => one.id === id);
    if (server === undefined) {
      const issuers = servers.map((one) => one.issuer).join(', ');
      return refuse(response, 404, `Nothing is served at ${target.pathname}. Authorization servers here: ${issuers}`);
    }
    if (!server.issuer.startsWith(`${side.base}/`)) {
      return refuse(response, 404, `Authorization server ${server.id} is served at ${server.issuer} only`);
    }
    // A browser must stay on the host that its cookies are for.
    if (found !== canonicalHost && target.pathname.endsWith('/v1/authorize') && request.method === 'GET') {
      response.writeHead(307, { Location: `${side.base}${request.url ?? ''}` }).end();
      return;
    }
    // What is published, and what a DPoP proof must name, follows from the issuer, whatever loopback name was used.
    request.headers.host = canonicalHost;
    server.handle(request, response);
  };
}

/** The Host header when it names this machine; anything else may be a rebound DNS name of a web page. */
function parseHost(request: IncomingMessage, canonicalHost: string): string | undefined {
  const { host } = request.headers;
  const url = host === undefined ? null : URL.parse(`http://${host}`);
  if (url === null || host === undefined) return undefined;
  return host === canonicalHost || isLoopbackHost(url.hostname) ? host : undefined;
}

function answerLanding(side: ServedSide, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return refuse(response, 405, 'The front page can only be read');
  }
  response.writeHead(200, { ...pageHeaders(), 'Content-Type': 'text/html; charset=utf-8' });
  response.end(side.landing());
}

function refuse(response: ServerResponse, status: number, error_description: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(`${JSON.stringify({ error: 'invalid_request', error_description })}\n`);
}
