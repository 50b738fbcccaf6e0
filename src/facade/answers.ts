import type { IncomingMessage, ServerResponse } from 'node:http';
import { securityPolicy } from '../views/security-policy.ts';
import { OAuthError } from './oauth-error.ts';

/** The largest body anybody has a reason to send: a registration, a form. */
const mostBytes = 16 * 1024;

/** Browsers' clients may read what needs no cookie (Fetch standard, CORS protocol). */
const anyPage = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, Retry-After',
};

/** JSON for a program; never kept anywhere (RFC 6749 §5.1) but for metadata. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      ...anyPage,
      ...headers,
    })
    .end(text);
}

export function sendError(response: ServerResponse, error: OAuthError): void {
  const retry = error.retryAfterSeconds;
  sendJson(
    response,
    error.status,
    { error: error.code, error_description: error.message },
    retry === undefined ? {} : { 'retry-after': String(retry) },
  );
}

/** The answer to a browser's question whether a page may ask. */
export function sendPreflight(response: ServerResponse, method: string): void {
  response
    .writeHead(204, {
      ...anyPage,
      'access-control-allow-methods': method,
      'access-control-allow-headers': 'authorization, content-type, mcp-protocol-version',
      'access-control-max-age': '600',
    })
    .end();
}

/** A page for a person, with what keeps it safe: no script, no frame around it, no copy of it anywhere.
 * @param formTarget `self` where it has a form
 */
export function sendPage(
  response: ServerResponse,
  status: number,
  page: string,
  { cookies = [], hasForm = false }: { readonly cookies?: readonly string[]; readonly hasForm?: boolean } = {},
): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(page),
      'content-security-policy': securityPolicy(hasForm ? ["'self'"] : []),
      'cache-control': 'no-store',
      // With no-referrer browsers would post the form with `Origin: null`.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      ...(cookies.length === 0 ? {} : { 'set-cookie': [...cookies] }),
    })
    .end(page);
}

/** Sends the browser back to the client: parameters added, nothing else changed (RFC 6749 §4.1.2). */
export function sendBack(
  response: ServerResponse,
  redirectUri: string,
  parameters: Readonly<Record<string, string | undefined>>,
  cookies: readonly string[] = [],
): void {
  response
    .writeHead(303, {
      location: backTo(redirectUri, parameters),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      ...(cookies.length === 0 ? {} : { 'set-cookie': [...cookies] }),
    })
    .end();
}

export function backTo(redirectUri: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const query = new URLSearchParams(Object.fromEntries(given)).toString();
  const joint = !redirectUri.includes('?') ? '?' : /[?&]$/.test(redirectUri) ? '' : '&';
  return redirectUri + joint + query;
}

/** @throws OAuthError invalid_request when it is of another type or too large */
export async function readBody(request: IncomingMessage, type: string): Promise<string> {
  const given = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (given !== type) throw new OAuthError('invalid_request', `the body is ${given || 'of no type'}, expected ${type}`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes)
      throw new OAuthError('invalid_request', `the body has more than ${mostBytes} bytes`, { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Parameters by name. RFC 6749 §3.1: none may be sent twice, since who reads the first and who the last would disagree.
 * @param repeatable may come several times and is left out
 * @throws OAuthError invalid_request
 */
export function readParameters(form: URLSearchParams, repeatable: readonly string[] = []): ReadonlyMap<string, string> {
  const seen = new Map<string, string>();
  for (const [name, value] of form) {
    if (repeatable.includes(name)) continue;
    if (seen.has(name))
      throw new OAuthError('invalid_request', `the parameter ${JSON.stringify(name.slice(0, 40))} is there twice`);
    seen.set(name, value);
  }
  return seen;
}
