import type { LookupFunction } from 'node:net';
import sendRequest from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import { describe, findErrorCode } from './describe-error.ts';
import { verifiedTls } from './verified-tls.ts';

/** How to make an {@link HttpClient}. */
export interface HttpClientOptions {
  /** All certificate authorities to trust, PEM; Node's own list when absent. */
  readonly ca?: readonly string[];
  /** What the client proves who it is with, PEM (RFC 8705 §2). */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** How names become addresses, right before it connects to these; the system way when absent. */
  readonly lookup?: LookupFunction;
  /** Longest answer that is read; more is an error. */
  readonly maxBytes?: number;
}

/** A request to a neighbour whose answer is small: metadata, keys, tokens. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Deadline for the whole of it, from connecting to the last byte. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Thrown when no usable answer came; `message` says why in a few words and quotes nothing of the answer. */
export class HttpClientError extends Error {
  override readonly name = 'HttpClientError';
  /** The connection was refused or lost before an answer began: not too late, not half an answer, not a bad one. */
  readonly wasNotAnswered: boolean;

  constructor(message: string, options: { readonly cause: unknown; readonly wasNotAnswered: boolean }) {
    super(message, { cause: options.cause });
    this.wasNotAnswered = options.wasNotAnswered;
  }
}

export interface HttpClient {
  /** The whole answer, whatever its status. Redirects are answers like others: never followed, since a secret or a
   * token in the request would go where nobody configured it to go.
   * @throws HttpClientError when there is no answer, or one that is too large or too late
   */
  send(url: string, request: HttpRequest): Promise<Response>;
  close(): Promise<void>;
}

const lostConnections = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

const statusesWithoutBody = new Set([204, 205, 304]);

/** A pooled, bounded HTTP client for identity providers. TLS is always verified. */
export function buildHttpClient(options: HttpClientOptions = {}): HttpClient {
  const maxBytes = options.maxBytes ?? 1024 * 1024;
  const agent = new Agent({
    // As many as there are requests under way; who asks bounds those.
    connections: 256,
    pipelining: 1,
    allowH2: false,
    connect: {
      timeout: 5_000,
      ...verifiedTls(options.ca),
      ...options.clientCertificate,
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
    },
    maxResponseSize: maxBytes,
    maxHeaderSize: 32 * 1024,
  });
  return {
    send: (url, request) => send(agent, url, request),
    close: () => agent.destroy(),
  };
}

async function send(agent: Agent, url: string, request: HttpRequest): Promise<Response> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  let hasBegun = false;
  try {
    const target = new URL(url);
    const answer = await sendRequest.call(agent, {
      origin: target.origin,
      path: target.pathname + target.search,
      method: request.method,
      // Nothing is unpacked here, so nothing small can become large.
      headers: { 'accept-encoding': 'identity', ...request.headers },
      body: request.body ?? null,
      signal,
    });
    hasBegun = true;
    const bytes = await answer.body.arrayBuffer();
    const headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const one of [value ?? []].flat()) headers.append(name, one);
    }
    const withoutBody = statusesWithoutBody.has(answer.statusCode);
    return new Response(withoutBody ? null : bytes, { status: answer.statusCode, headers });
  } catch (cause) {
    if (request.signal?.aborted === true) throw cause;
    throw new HttpClientError(deadline.aborted ? `no answer within ${request.timeoutMs} ms` : describe(cause), {
      cause,
      wasNotAnswered: !hasBegun && !deadline.aborted && lostConnections.has(findErrorCode(cause) ?? ''),
    });
  }
}
