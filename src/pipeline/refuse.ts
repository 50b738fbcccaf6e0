import type { Call } from '../model/call.ts';
import type { Inbound } from '../model/inbound.ts';
import type { Route } from '../model/route.ts';
import type { UsherError } from '../model/usher-error.ts';
import { buildChallenge } from './challenge.ts';

/** How far a request came before it was refused. */
export interface Reached extends Inbound {
  readonly route?: Route;
  readonly call?: Call;
}

const usualRetrySeconds = 2;
/** A body up to this size is read to its end so that the connection can be kept. */
const drainableBytes = 64 * 1024;

/** Answers a refusal: status, challenge and Retry-After from the error table, a JSON-RPC error as body. When the answer
 * has begun already it is cut off, so that it cannot be taken for a whole one.
 */
export function refuse(error: UsherError, reached: Reached): void {
  const { request, response, route } = reached;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: findRpcId(reached.call), error: rpcError(error, reached.id) });
  const headers: string[] = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
  ];
  const challenge = route === undefined ? undefined : buildChallenge(error, route, reached);
  if (challenge !== undefined) headers.push('www-authenticate', challenge);
  if (error.nonce !== undefined) headers.push('dpop-nonce', error.nonce);
  if (error.row.retryable) headers.push('retry-after', String(Math.max(1, Math.ceil(retrySeconds(error)))));
  if (error.code === 'method_not_allowed') headers.push('allow', 'POST, GET, DELETE');
  if (!request.complete && !isDrainable(request.headers['content-length'])) headers.push('connection', 'close');
  response.writeHead(error.row.status, headers);
  response.end(body);
}

function isDrainable(contentLength: string | undefined): boolean {
  return contentLength !== undefined && Number(contentLength) <= drainableBytes;
}

function rpcError(error: UsherError, id: string) {
  return {
    code: error.row.jsonRpc ?? error.row.status,
    message: error.message,
    data: { ...error.row.data, code: error.code, id, ...(error.row.retryable ? tellRetry(error) : {}) },
  };
}

/** For programs that see the JSON-RPC error only. */
function tellRetry(error: UsherError) {
  return { retryable: true, retryAfterMs: Math.ceil(retrySeconds(error) * 1000) };
}

function retrySeconds({ retryAfterSeconds = usualRetrySeconds }: UsherError): number {
  return retryAfterSeconds;
}

/** The id to echo; null where it was not read or a batch has several (JSON-RPC 2.0 §5). */
function findRpcId(call: Call | undefined): string | number | null {
  const [only] = call?.messages ?? [];
  return call?.messages.length === 1 && only?.kind === 'request' ? (only.id ?? null) : null;
}
