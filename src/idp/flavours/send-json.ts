import type { ServerResponse } from 'node:http';

/** Sends an answer, which is not kept where it holds a token (RFC 6749 §5.1). */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Pragma: 'no-cache' });
  response.end(JSON.stringify(body));
}
