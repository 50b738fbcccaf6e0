import type { CallToolResult } from '@modelcontextprotocol/server';
import { messageOf } from '../lib/message-of.ts';
import type { Operation } from './read-operations.ts';

/** What a tool call takes along. */
export interface CallContext {
  readonly endpoint: string;
  /** The caller's own token, to be forwarded as it came; undefined sends none. */
  readonly token: string | undefined;
  /** The proof that came with it (RFC 9449), to be forwarded as it came; it has to be for the API. */
  readonly proof: string | undefined;
  /** Trace context of the request (https://www.w3.org/TR/trace-context/). */
  readonly traceHeaders: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const deadlineMs = 30_000;

/** Sends an operation to the API. Whatever goes wrong there becomes a result with `isError`, so that the model reads it. */
export async function callApi(
  operation: Operation,
  variables: Readonly<Record<string, unknown>>,
  context: CallContext,
): Promise<CallToolResult> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(context.endpoint, {
      method: 'POST',
      redirect: 'error',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...context.traceHeaders,
        ...credentials(context),
      },
      body: JSON.stringify({ query: operation.query, operationName: operation.name, variables }),
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(deadlineMs)]),
    });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
    return toolError(`Cannot reach the API at ${context.endpoint}: ${cause}`);
  }
  const answer = parseObject(text);
  if (answer === undefined) return toolError(`The API answered ${response.status} without a GraphQL answer`);
  const messages = readMessages(answer);
  if (messages.length === 0 && response.ok) {
    return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: answer };
  }
  const why = messages.join('; ') || 'it did not say why';
  return { ...toolError(`The API answered ${response.status}: ${why}`), structuredContent: answer };
}

function credentials({ token, proof }: CallContext): Record<string, string> {
  if (token === undefined) return {};
  return proof === undefined ? { authorization: `Bearer ${token}` } : { authorization: `DPoP ${token}`, dpop: proof };
}

function toolError(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readMessages({ errors }: Readonly<Record<string, unknown>>): string[] {
  if (!Array.isArray(errors)) return [];
  return errors.map((error: unknown) =>
    isRecord(error) && typeof error['message'] === 'string' ? error['message'] : 'unknown error',
  );
}
