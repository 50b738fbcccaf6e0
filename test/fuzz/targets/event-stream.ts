import assert from 'node:assert/strict';
import { buildReading } from '../../../src/pipeline/build-reading.ts';
import { ReadAnswer } from '../../../src/pipeline/read-answer.ts';
import { anonymous, buildAuthenticated, buildRoute } from '../../kit/build-routed.ts';
import { isObject, parseJson, type Target } from '../target.ts';

const visible = 'Seen';
const owners = { own: 'alice', other: 'bob' } as const;

/** A caller who listens, may see one tool and has one task; another task is somebody else's. */
function buildListener() {
  const route = buildRoute({
    policy: { strategy: 'scopes', scopes: [], authorize: () => '', visibleTools: () => (tool) => tool === visible },
    tasks: new Map(Object.entries(owners).map(([id, principal]) => [id, { principal, tool: undefined }])),
  });
  const { identity, ...rest } = buildAuthenticated({ method: 'GET' });
  const caller = { ...(anonymous.anonymous ?? identity.caller), principal: owners.own };
  const credential = { header: undefined, claims: undefined, source: 'none', waitedMs: 0 } as const;
  return { ...rest, route, caller, credential, call: { body: undefined, messages: [] }, decision: '' };
}

/** What the caller gets of a stream that comes in these pieces. */
function pass(pieces: readonly Buffer[]): Buffer {
  const reading = buildReading(buildListener(), () => {});
  assert.ok(reading !== undefined);
  const passed: Buffer[] = [];
  const answer = {
    exchange: undefined,
    onHead() {},
    onData: (chunk: Buffer) => void passed.push(chunk),
    onEnd() {},
    onError(error: Error) {
      throw error;
    },
    fail(error: Error) {
      throw error;
    },
  };
  const read = new ReadAnswer(answer, reading, 'http://127.0.0.1:1/mcp');
  read.onHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of pieces) read.onData(piece);
  read.onEnd();
  return Buffer.concat(passed);
}

/** The data of each event, as a client reads a stream (HTML, server-sent events, interpreting an event stream). */
function readEvents(stream: Buffer): string[] {
  const events: string[] = [];
  let data: string[] = [];
  const lines = stream
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/);
  // What stands behind the last line end is no line.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push(data.join('\n'));
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const [field, value] = colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    if (field === 'data') data.push(value);
  }
  return events;
}

/** No tool the caller may not see, no task and no state of a task that is not the caller's. */
function checkMessage(message: unknown): void {
  if (!isObject(message)) return;
  const { method, params, result } = message;
  if (typeof method === 'string' && /^notifications\/tasks(?:\/|$)/.test(method) && isObject(params))
    assert.ok(!('taskId' in params) || params['taskId'] === 'own', 'state of a task that is not its own');
  if (!isObject(result)) return;
  for (const { tools } of [result, result['result']].filter(isObject))
    if (Array.isArray(tools))
      for (const tool of tools) assert.ok(isObject(tool) && tool['name'] === visible, 'a tool nobody may see');
  if (Array.isArray(result['tasks']))
    for (const task of result['tasks']) assert.ok(isObject(task) && task['taskId'] === 'own', 'a task of others');
}

/** Whatever the server behind sends, and in whatever pieces: the caller gets the same, and nothing that is not for them. */
export function check(stream: Buffer): void {
  const whole = pass([stream]);
  const single = pass(Array.from(stream, (_, at) => stream.subarray(at, at + 1)));
  assert.deepEqual(readEvents(single), readEvents(whole), 'the pieces it comes in make a difference');
  for (const data of readEvents(whole)) {
    const message = parseJson(Buffer.from(data));
    for (const one of [message].flat()) checkMessage(one);
  }
  if (!/"tools"|"task|\\u/.test(stream.toString('utf8'))) assert.ok(whole.equals(stream.subarray(0, whole.length)));
}

const event = (message: object, end = '\n') => `id: 1${end}data: ${JSON.stringify(message)}${end}${end}`;
const list = {
  jsonrpc: '2.0',
  id: 1,
  result: { tools: [{ name: visible }, { name: 'Hidden' }], cacheScope: 'public' },
};
const state = (taskId: string) => ({ method: 'notifications/tasks/status', params: { taskId, status: 'working' } });

export const target: Target = {
  seeds: [
    event(list) + event(state('other')) + event(state('own')),
    event(list, '\r\n'),
    `\uFEFF${event([list, state('other')], '\r')}`,
    event(list).replace('"tools"', String.raw`"\u0074ools"`),
    event({ result: { result: list.result, tasks: [{ taskId: 'own' }, { taskId: 'other' }] } }),
    'data: {"result":\ndata\ndata:{"tools":[{"name":"Hidden"}]}}\n\n: comment\n\nretry: 5\n\ndata: x\n\n',
    event({ method: 'notifications/message', params: {} }),
  ],
  fuzz: (bytes) => check(bytes),
};
