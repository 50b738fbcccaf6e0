import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { decisiveKeys, findJsonHazard } from '../lib/find-json-hazard.ts';
import { isObject } from '../lib/is-object.ts';
import type { Call, Message } from '../model/call.ts';
import type { Identity } from '../model/identity.ts';
import type { Authenticated, Understood } from '../model/stages.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { shortestToken } from './shortest-token.ts';

/** Stage `readCall`: what is asked. The body is read once, within the limit, and kept as it came; what is decided is
 * decided on it, never on headers that repeat it.
 * @throws UsherError of stage readCall
 */
export function readCall(authenticated: Authenticated): Understood | Promise<Understood> {
  const { request, route, identity } = authenticated;
  if (request.method !== 'POST') return { ...authenticated, call: emptyCall };
  checkContent(request);
  return readBody(request, route.limits.bodyBytes).then((body) => ({
    ...authenticated,
    call: parseCall(withoutToken(body, identity), mayBatch(request)),
  }));
}

/** The body goes on as it came: a client that wrote its token into an argument would hand it to the server behind. */
function withoutToken(body: Buffer, { callerToken }: Identity): Buffer {
  if (callerToken === undefined || callerToken.length < shortestToken) return body;
  // What is shorter cannot hold it; looking for it all the same would copy the token.
  if (body.length >= callerToken.length && body.includes(callerToken)) throw fail('body_holds_token', {});
  return body;
}

/** The keys that decisions rest on: what is read here has to be what the server behind reads. */
const ofParams = decisiveKeys({
  name: undefined,
  uri: undefined,
  taskId: undefined,
  task: undefined,
  arguments: undefined,
  notifications: decisiveKeys({ taskIds: undefined }),
  _meta: decisiveKeys({
    'io.modelcontextprotocol/protocolVersion': undefined,
    'io.modelcontextprotocol/clientCapabilities': undefined,
  }),
});
const hazards = {
  decisive: decisiveKeys({
    jsonrpc: undefined,
    id: undefined,
    method: undefined,
    params: ofParams,
    result: undefined,
    error: undefined,
  }),
  // Of lists and objects; nobody writes so many.
  levels: 1_000,
};

/** MCP 2025-03-26 took batches, 2025-06-18 took them away and brought the header. */
function mayBatch({ headers }: IncomingMessage): boolean {
  const version = headers['mcp-protocol-version'];
  return version === undefined || version === '2025-03-26';
}

/** In a batch. Each is put on record: one body must not be able to fill a disk. */
const mostMessages = 100;

const emptyCall: Call = { body: undefined, messages: [] };

function parseCall(body: Buffer, isBatchAllowed: boolean): Call {
  if (!isUtf8(body)) throw fail('body_not_json', {});
  const text = body.toString('utf8');
  const hazard = findJsonHazard(text, hazards);
  if (hazard !== undefined) throw fail('body_not_json_rpc', { reason: hazard });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail('body_not_json', {}, { cause });
  }
  if (!Array.isArray(value)) return { body, messages: [parseMessage(value)] };
  if (!isBatchAllowed)
    throw fail('body_not_json_rpc', { reason: 'it is a batch, which protocol version 2025-06-18 took away' });
  if (value.length === 0) throw fail('body_not_json_rpc', { reason: 'the batch is empty' });
  if (value.length > mostMessages) {
    throw fail('body_not_json_rpc', {
      reason: `the batch has ${value.length} messages, expected at most ${mostMessages}; send several`,
    });
  }
  return { body, messages: value.map(parseMessage) };
}

function checkContent({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  const encoding = headers['content-encoding'];
  if (type === 'application/json' && encoding === undefined) return;
  const essence = type.split(';', 1)[0]?.trim().toLowerCase();
  if (essence !== 'application/json') throw fail('content_type_refused', { found: JSON.stringify(type) });
  // RFC 8259 §8.1: JSON between systems is UTF-8; another charset would be read as other text behind.
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1]?.toLowerCase() ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8') throw fail('content_type_refused', { found: JSON.stringify(type) });
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw fail('content_type_refused', { found: JSON.stringify(`${type}; content-encoding: ${encoding}`) });
  }
}

function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const tooLarge = () => fail('body_too_large', { limit: `${limitBytes} bytes` });
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge();
  const problemOf = (error: unknown) => (error instanceof UsherError ? error : fail('body_incomplete', {}));
  // It ended while the token was checked: nothing more will be heard of it.
  if (request.destroyed) throw request.complete ? new Error('the caller went away') : problemOf(request.errored);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isSettled = false;
    request.on('data', (chunk: Buffer) => {
      if (isSettled) return;
      size += chunk.length;
      chunks.push(chunk);
      if (size <= limitBytes) return;
      isSettled = true;
      request.pause();
      reject(tooLarge());
    });
    request.on('end', () => {
      isSettled = true;
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size));
    });
    // It breaks off, or it cannot be read on: then the listener says why.
    request.on('error', (problem) => {
      if (isSettled) return;
      isSettled = true;
      reject(problemOf(problem));
    });
  });
}

function parseMessage(value: unknown): Message {
  if (!isObject(value)) throw fail('body_not_json_rpc', { reason: 'a message is not an object' });
  if (value['jsonrpc'] !== '2.0') throw fail('body_not_json_rpc', { reason: 'a message does not say "jsonrpc":"2.0"' });
  const { method, id } = value;
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
    throw fail('body_not_json_rpc', { reason: 'an id is neither a string nor a number' });
  }
  if (method === undefined) {
    if (!('result' in value) && !('error' in value))
      throw fail('body_not_json_rpc', { reason: 'a message has neither method nor result' });
    return { kind: 'response', method: undefined, id, ...withoutParams };
  }
  if (typeof method !== 'string' || method === '')
    throw fail('body_not_json_rpc', { reason: 'a method is not a string' });
  return {
    kind: id === undefined ? 'notification' : 'request',
    method,
    id,
    ...readParams(method, value['params']),
  };
}

const withoutParams = { target: undefined, taskIds: [], version: undefined, mayBecomeTask: false } as const;

function readParams(
  method: string,
  params: unknown,
): Pick<Message, 'target' | 'taskIds' | 'version' | 'mayBecomeTask'> {
  const key = neededKeys.get(method);
  // What is asked for has to be said in the one way everybody reads: a list of one name is a name for some.
  if (key !== undefined && typeof (isObject(params) ? params[key] : undefined) !== 'string')
    throw fail('params_invalid', { what: `${key} of ${method} is not text` });
  if (!isObject(params)) return withoutParams;
  const meta = isObject(params['_meta']) ? params['_meta'] : undefined;
  const version = meta?.['io.modelcontextprotocol/protocolVersion'];
  return {
    target: findTarget(method, params),
    taskIds: method === 'subscriptions/listen' ? findTaskIds(params) : [],
    version: typeof version === 'string' ? version : undefined,
    mayBecomeTask: isObject(params['task']) || hasTasks(meta?.['io.modelcontextprotocol/clientCapabilities']),
  };
}

/** MCP 2026-07-28: a client that knows the tasks extension may get one for any call. */
function hasTasks(capabilities: unknown): boolean {
  const extensions = isObject(capabilities) ? capabilities['extensions'] : undefined;
  return isObject(extensions) && 'io.modelcontextprotocol/tasks' in extensions;
}

/** What the method acts on, in MCP's names for it: tools and prompts have a name, resources a uri, tasks an id. Other
 * parameters of the same names are not looked at: they could be decoys.
 */
function findTarget(method: string, params: Readonly<Record<string, unknown>>): string | undefined {
  const value = params[targetKeys.get(method.slice(0, method.indexOf('/'))) ?? 'name'];
  return typeof value === 'string' ? value : undefined;
}

/** Methods that are about one thing, and the parameter that names it. */
const neededKeys = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
  ['tasks/result', 'taskId'],
]);

/** Tasks extension, TaskSubscriptionNotifications: whose status is pushed on the stream. */
function findTaskIds({ notifications }: Readonly<Record<string, unknown>>): readonly string[] {
  const ids = isObject(notifications) ? notifications['taskIds'] : undefined;
  if (ids === undefined) return [];
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids;
  throw fail('params_invalid', { what: 'notifications.taskIds of subscriptions/listen is not a list of texts' });
}

const targetKeys = new Map([
  ['tools', 'name'],
  ['prompts', 'name'],
  ['resources', 'uri'],
  ['tasks', 'taskId'],
]);
