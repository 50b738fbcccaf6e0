import type { IncomingMessage, ServerResponse } from 'node:http';
import { makeId } from '../state/okta-id.ts';
import type { ApiAnswer, ApiContext } from './api.ts';
import { ApiError } from './api-error.ts';
import type { ApiToken } from './api-token.ts';
import { apiRoutes } from './routes.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { readBytes } from '../read-bytes.ts';

const largestBodyBytes = 1024 * 1024;
const requestsPerMinute = 600;

/** Answers requests to `/api/v1/…` as Okta does: token first, then the path, then the body. */
export function buildApiHandler(context: ApiContext, token: ApiToken) {
  const limit = buildLimit(() => context.org.now());
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let answer: ApiAnswer;
    const left = limit();
    try {
      checkToken(token.check(request.headers.authorization));
      if (left.remaining < 0)
        throw new ApiError(429, 'E0000047', 'API call exceeded rate limit due to too many requests.');
      answer = await route(context, request);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        context.org.log('management request failed', { path: request.url, reason: String(error) });
      }
      const refusal = error instanceof ApiError ? error : new ApiError(500, 'E0000009', 'Internal Server Error');
      answer = { status: refusal.status, body: refusal.toBody() };
    }
    send(response, answer, {
      'X-Rate-Limit-Limit': String(requestsPerMinute),
      'X-Rate-Limit-Remaining': String(Math.max(left.remaining, 0)),
      'X-Rate-Limit-Reset': String(left.resetAtSeconds),
    });
  };
}

function checkToken(verdict: boolean | undefined): void {
  if (verdict === undefined) throw new ApiError(403, 'E0000005', 'Invalid session');
  if (!verdict) throw new ApiError(401, 'E0000011', 'Invalid token provided');
}

/** Source: https://developer.okta.com/docs/reference/rl-best-practices/: so many a minute, and the headers say how many
 * are left until when.
 */
function buildLimit(now: () => number) {
  let window = { startMs: now(), count: 0 };
  return () => {
    if (now() - window.startMs >= 60_000) window = { startMs: now(), count: 0 };
    window.count += 1;
    return {
      remaining: requestsPerMinute - window.count,
      resetAtSeconds: Math.ceil((window.startMs + 60_000) / 1000),
    };
  };
}

const table = apiRoutes.map((one) => ({ route: one, words: one.path.split('/') }));

async function route(context: ApiContext, request: IncomingMessage): Promise<ApiAnswer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', context.base);
  const path = pathname.slice('/api/v1'.length);
  const words = path.split('/').map(decode);
  const fitting = pathname.startsWith('/api/v1/')
    ? table.flatMap((one) => {
        const params = match(one.words, words);
        return params === undefined ? [] : [{ route: one.route, params }];
      })
    : [];
  if (fitting.length === 0) throw new ApiError(404, 'E0000008', 'The requested path was not found');
  const found = fitting.find((one) => one.route.method === request.method);
  if (found === undefined) {
    throw new ApiError(405, 'E0000022', 'The endpoint does not support the provided HTTP method');
  }
  const body = await readBody(request);
  return await found.route.handle(context, { params: found.params, query: searchParams, path, body });
}

function match(pattern: readonly string[], words: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== words.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const word = words[index] ?? '';
    if (expected.startsWith(':') && word !== '') params[expected.slice(1)] = word;
    else if (expected !== word) return undefined;
  }
  return params;
}

function decode(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(request, largestBodyBytes);
  if (bytes?.length === 0) return undefined;
  const body = bytes === undefined ? undefined : parseJson(bytes.toString('utf8'));
  if (body === undefined) throw notWellFormed();
  return body;
}

function notWellFormed(): ApiError {
  return new ApiError(400, 'E0000003', 'The request body was not well-formed.');
}

function send(response: ServerResponse, { status, body, headers }: ApiAnswer, more: Record<string, string>): void {
  response.writeHead(status, {
    'Cache-Control': 'no-cache, no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Okta-Request-Id': makeId('oae'),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...headers,
    ...more,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
