import { splitJsonList } from '../lib/find-json-values.ts';
import { isObject } from '../lib/is-object.ts';
import { parseJson } from '../lib/parse-json.ts';
import type { UsherError } from '../model/usher-error.ts';

export type RpcId = string | number | null;

/** One JSON-RPC message, and the text it was read from: on one line, otherwise as it came. */
export interface RpcMessage {
  readonly kind: 'request' | 'notification' | 'response';
  readonly text: string;
  /** Of requests and responses. */
  readonly id: RpcId | undefined;
  /** Of requests and notifications. */
  readonly method: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  readonly result: unknown;
  readonly error: Readonly<Record<string, unknown>> | undefined;
}

/** Reads one message, or a batch of them; undefined when it is neither. */
export function readMessages(text: string): readonly RpcMessage[] | undefined {
  const value = parseJson(text);
  if (!Array.isArray(value)) {
    const message = readMessage(value, text);
    return message === undefined ? undefined : [message];
  }
  // As they are written there: writing them anew changes numbers, and fails where a list is deeper than the stack.
  const texts = splitJsonList(text);
  const messages = value.map((one: unknown, index) => readMessage(one, texts[index] ?? ''));
  return messages.length > 0 && messages.every((one) => one !== undefined) ? messages : undefined;
}

function readMessage(value: unknown, text: string): RpcMessage | undefined {
  if (!isObject(value) || value['jsonrpc'] !== '2.0') return undefined;
  const { id, method, params, result, error } = value;
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') return undefined;
  if (method !== undefined && typeof method !== 'string') return undefined;
  if (method === undefined && result === undefined && error === undefined) return undefined;
  return {
    kind: method === undefined ? 'response' : id === undefined ? 'notification' : 'request',
    text: oneLine(text),
    id,
    method,
    params: isObject(params) ? params : {},
    result,
    error: isObject(error) ? error : undefined,
  };
}

/** In JSON a line can only end between values, where a space means the same (RFC 8259 §2, §7). */
function oneLine(text: string): string {
  return /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, ' ') : text;
}

/** The parameters that go with a message without being about what it asks. */
export function metaOf({ params }: RpcMessage): Readonly<Record<string, unknown>> {
  const meta = params['_meta'];
  return isObject(meta) ? meta : {};
}

/** A refusal as the answer to one request, where the HTTP answer has begun already. */
export function errorMessage(id: RpcId, { code, row, message }: UsherError): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: { code: row.jsonRpc ?? row.status, message, data: { code } },
  });
}

export function cancelledNotification(requestId: RpcId, reason: string): string {
  return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason } });
}

/** What is wrong with a request, as a server would say it. */
export function invalidRequest(id: RpcId, message: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_600, message } });
}

export function invalidParams(id: RpcId, message: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_602, message } });
}

/** MCP 2026-07-28, Streamable HTTP, server validation: a header does not say what the body does. */
export function headerMismatch(id: RpcId, problem: string): string {
  const error = { code: -32_020, message: `The headers do not say what the body does: ${problem}` };
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}

/** MCP 2026-07-28, Streamable HTTP: a method that this version does not have. */
export function methodNotFound(id: RpcId, method: string): string {
  const error = { code: -32_601, message: `There is no method ${method} in this protocol version` };
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}

/** MCP 2026-07-28, versioning: the server knows it, but does not speak it; some do not look once they have begun. */
export function unsupportedVersion(
  id: RpcId,
  data: { readonly supported: readonly string[]; readonly requested: unknown },
): string {
  const error = { code: -32_022, message: 'Unsupported protocol version', data };
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}
