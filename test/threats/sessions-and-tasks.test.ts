import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { sendJson, type Respond } from '../kit/start-http-server.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } };

/** A server that gives out sessions and tasks, and believes whoever names one. */
function trusting(): Respond {
  let given = 0;
  return (request, response) => {
    if (request.method === 'DELETE') return void response.writeHead(204).end();
    if (request.method === 'GET') return void response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    const { id, method, params } = JSON.parse(request.body) as {
      id: number;
      method: string;
      params?: { task?: object; name?: string };
    };
    if (method === 'initialize')
      return sendJson(
        response,
        200,
        { jsonrpc: '2.0', id, result: {} },
        { 'mcp-session-id': `session-${(given += 1)}` },
      );
    if (params?.task === undefined) {
      const tasks = Array.from({ length: given }, (_, index) => ({ taskId: `task-${index + 1}`, status: 'working' }));
      return sendJson(response, 200, {
        jsonrpc: '2.0',
        id,
        result: method === 'tasks/list' ? { tasks } : { status: 'working' },
      });
    }
    const task = { taskId: `task-${(given += 1)}`, status: 'working' };
    const message = {
      jsonrpc: '2.0',
      id,
      result: params.name === 'Modern' ? { resultType: 'task', ...task } : { task },
    };
    if (params.name !== 'Streamed') return sendJson(response, 200, message);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  };
}

const alice = { sub: 'alice@example.com', cid: 'vscode' };
const bob = { sub: 'bob@example.com', cid: 'vscode' };
const others: readonly (readonly [string, Record<string, unknown>])[] = [
  ['another user', bob],
  ['the same user with another client', { sub: 'alice@example.com', cid: 'cursor' }],
];

async function startSession(lab: TokenLab, claims: Record<string, unknown> = alice): Promise<string> {
  const response = await post(lab.gateway.mcpUrl, lab.token({ claims }), initialize);
  return response.headers.get('mcp-session-id') ?? '';
}

function send(
  lab: TokenLab,
  method: string,
  claims: Record<string, unknown>,
  headers: Record<string, string>,
): Promise<Response> {
  if (method === 'POST') return post(lab.gateway.mcpUrl, lab.token({ claims }), toolCall(), headers);
  return fetch(lab.gateway.mcpUrl, {
    method,
    headers: { authorization: `Bearer ${lab.token({ claims })}`, ...headers },
  });
}

async function codeOf(response: Response): Promise<string | undefined> {
  const text = await response.text();
  return text.startsWith('{')
    ? (JSON.parse(text) as { error?: { data?: { code?: string } } }).error?.data?.code
    : undefined;
}

for (const [name, claims] of others) {
  for (const [method, more] of [
    ['POST', {}],
    ['GET', { 'last-event-id': '7' }],
    ['DELETE', {}],
  ] as const) {
    test(`${method} on somebody else's session by ${name} – 404 as for one that ended, the server hears nothing`, async () => {
      await using lab = await startTokenLab({ respond: trusting() });
      const session = await startSession(lab);
      const before = lab.upstream.seen.length;
      const response = await send(lab, method, claims, { 'mcp-session-id': session, ...more });
      assert.deepEqual([response.status, await codeOf(response)], [404, 'session_unknown']);
      assert.equal(lab.upstream.seen.length, before);
      assert.equal(
        (await send(lab, 'POST', alice, { 'mcp-session-id': session })).status,
        200,
        'its owner still has it',
      );
    });
  }
}

test('the owner with a refreshed token – goes on with the session', async () => {
  await using lab = await startTokenLab({ respond: trusting() });
  const session = await startSession(lab);
  for (const method of ['POST', 'GET', 'DELETE']) {
    const response = await send(lab, method, { ...alice, jti: `AT.${method}` }, { 'mcp-session-id': session });
    assert.ok(response.ok, method);
  }
});

test('a session nobody started here – 404, whoever asks', async () => {
  await using lab = await startTokenLab({ respond: trusting() });
  const response = await send(lab, 'POST', alice, { 'mcp-session-id': 'session-1' });
  assert.deepEqual([response.status, await codeOf(response)], [404, 'session_unknown']);
});

test('a session its owner ended – nobody has it any more', async () => {
  await using lab = await startTokenLab({ respond: trusting() });
  const session = await startSession(lab);
  await send(lab, 'DELETE', alice, { 'mcp-session-id': session });
  assert.equal((await send(lab, 'POST', alice, { 'mcp-session-id': session })).status, 404);
});

test('two session headers – refused', async () => {
  await using lab = await startTokenLab({ respond: trusting() });
  const session = await startSession(lab);
  const headers = new Headers({ authorization: `Bearer ${lab.token({ claims: alice })}`, 'mcp-session-id': session });
  headers.append('mcp-session-id', 'session-2');
  assert.equal((await fetch(lab.gateway.mcpUrl, { headers })).status, 404);
});

test("a server that gives one user another one's session – 502, and the first one keeps it", async () => {
  const respond: Respond = (_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 0, result: {} }, { 'mcp-session-id': 'the-same' });
  await using lab = await startTokenLab({ respond });
  await startSession(lab);
  const response = await post(lab.gateway.mcpUrl, lab.token({ claims: bob }), initialize);
  assert.deepEqual([response.status, response.headers.get('mcp-session-id')], [502, null]);
  assert.equal((await send(lab, 'POST', alice, { 'mcp-session-id': 'the-same' })).status, 200);
});

test('a session header at 2026-07-28 – has no meaning: neither looked at nor sent on', async () => {
  await using lab = await startTokenLab({ respond: trusting() });
  const params = { name: 'GetCountry', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
  const headers = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'GetCountry',
    'mcp-session-id': 'x',
  };
  const response = await post(
    lab.gateway.mcpUrl,
    lab.token(),
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    headers,
  );
  assert.equal(response.status, 200);
  assert.equal(lab.upstream.seen[0]?.headers['mcp-session-id'], undefined);
});

test('a claim of 2026-07-28 – ends nobody else’s session', async () => {
  const usual = trusting();
  const respond: Respond = (request, ...more) =>
    request.body.includes('nope/x') ? sendJson(more[0], 404, {}) : usual(request, ...more);
  await using lab = await startTokenLab({ respond });
  const session = await startSession(lab);
  const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'nope/x', 'mcp-session-id': session };
  const bobsToken = lab.token({ claims: { sub: 'bob@example.com' } });
  await post(lab.gateway.mcpUrl, bobsToken, { jsonrpc: '2.0', id: 1, method: 'nope/x', params }, headers);
  assert.equal((await send(lab, 'POST', alice, { 'mcp-session-id': session })).status, 200);
});

test('subscriptions/listen – to somebody else’s task, or to what is no list of tasks – refused', async () => {
  await using lab = await startTokenLab({ respond: trusting() });
  const task = await startTask(lab, 'Plain');
  const before = lab.upstream.seen.length;
  assert.equal(await codeOf(await listen(lab, bob, { notifications: { taskIds: [task] } })), 'task_unknown');
  assert.equal(lab.upstream.seen.length, before);
  for (const taskIds of [task, [[task]], null])
    assert.equal(await codeOf(await listen(lab, bob, { notifications: { taskIds } })), 'params_invalid');
  assert.equal(lab.upstream.seen.length, before);
  const own = { ...alice, jti: 'AT.2' };
  assert.equal(await codeOf(await listen(lab, own, { notifications: { taskIds: [task] } })), undefined);
});

test('subscriptions/listen – taskIds where the tasks extension has none – a member like any other', async () => {
  await using lab = await startTokenLab({ respond: trusting() });
  const response = await listen(lab, alice, { taskIds: ['what', 7], notifications: {} });
  assert.deepEqual([response.status, await codeOf(response)], [200, undefined]);
});

function listen(lab: TokenLab, claims: Record<string, unknown>, params: object): Promise<Response> {
  const message = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params };
  return post(lab.gateway.mcpUrl, lab.token({ claims }), message);
}

const toEvent = (message: object) => `id: 4\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const relatedTo = (taskId: string) => ({ _meta: { 'io.modelcontextprotocol/related-task': { taskId } } });

/** What a server may push about a task: of MCP 2025-11-25, and of the tasks extension. */
const pushed: readonly (readonly [string, (taskId: string) => object])[] = [
  ['notifications/tasks/status', (taskId) => ({ params: { taskId, status: 'completed' } })],
  ['notifications/tasks', (taskId) => ({ params: { taskId, status: 'completed', result: { secret: 1 } } })],
  ['notifications/progress', (taskId) => ({ params: { progress: 1, ...relatedTo(taskId) } })],
  ['elicitation/create', (taskId) => ({ id: 9, params: { message: 'Really?', ...relatedTo(taskId) } })],
];

for (const [method, write] of pushed) {
  for (const kind of ['GET', 'subscriptions/listen']) {
    test(`${method} about somebody else's task on a stream of ${kind} – kept back, all else passes as it came`, async () => {
      const tasks: string[] = [];
      const usual = trusting();
      const events = () => [
        ': still here\n\n',
        ...tasks.map((task) => toEvent({ method, ...write(task) })),
        toEvent({ method: 'notifications/message', params: { data: '"taskId"' } }),
      ];
      await using lab = await startTokenLab({
        respond: (request, response, raw) => {
          if (request.method !== 'GET' && !request.body.includes('subscriptions/listen'))
            return usual(request, response, raw);
          response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events().join(''));
        },
      });
      tasks.push(await startTask(lab, 'Plain', bob), await startTask(lab, 'Plain'));
      const response = await (kind === 'GET' ? send(lab, 'GET', alice, {}) : listen(lab, alice, { notifications: {} }));
      const [comment, , own, other] = events();
      assert.equal(await response.text(), [comment, own, other].join(''));
    });
  }
}

test('the state of a task nobody started here – kept back, alone or in a batch', async () => {
  const status = { jsonrpc: '2.0', method: 'notifications/tasks/status', params: { taskId: 'task-9' } };
  const other = { jsonrpc: '2.0', method: 'notifications/message', params: {} };
  const event = (message: object) => `data: ${JSON.stringify(message)}\n\n`;
  await using lab = await startTokenLab({
    respond: (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(event(status) + event([status, status]) + event([status, other])),
  });
  assert.equal(await (await send(lab, 'GET', alice, {})).text(), event([other]));
});

async function startTask(lab: TokenLab, name: string, claims: Record<string, unknown> = alice): Promise<string> {
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, task: {} } };
  const text = await (await post(lab.gateway.mcpUrl, lab.token({ claims }), call)).text();
  return /"taskId":"([^"]*)"/.exec(text)?.[1] ?? '';
}

async function askTask(lab: TokenLab, method: string, taskId: string, claims: Record<string, unknown>) {
  const response = await post(lab.gateway.mcpUrl, lab.token({ claims }), {
    jsonrpc: '2.0',
    id: 2,
    method,
    params: { taskId },
  });
  return JSON.parse(await response.text()) as {
    error?: { code: number; data: { code: string } };
    result?: { tasks?: unknown[] };
  };
}

for (const kind of ['Plain', 'Modern', 'Streamed']) {
  for (const [name, claims] of others) {
    test(`somebody else's task (${kind.toLowerCase()}) asked for by ${name} – unknown, the server hears nothing`, async () => {
      await using lab = await startTokenLab({ respond: trusting() });
      const task = await startTask(lab, kind);
      const before = lab.upstream.seen.length;
      for (const method of ['tasks/get', 'tasks/result', 'tasks/update', 'tasks/cancel']) {
        const { error } = await askTask(lab, method, task, claims);
        assert.deepEqual([error?.code, error?.data.code], [-32602, 'task_unknown'], method);
      }
      assert.equal(lab.upstream.seen.length, before);
      assert.equal(
        (await askTask(lab, 'tasks/get', task, { ...alice, jti: 'AT.refreshed' })).error,
        undefined,
        'its owner has it',
      );
    });
  }
}

test('tasks/list – only the own ones', async () => {
  await using lab = await startTokenLab({ respond: trusting() });
  await startTask(lab, 'Plain');
  const own = await startTask(lab, 'Plain', bob);
  const { result } = await askTask(lab, 'tasks/list', own, bob);
  assert.deepEqual(result?.tasks, [{ taskId: own, status: 'working' }]);
});

test('a long list of tasks on a stream that is taken up again – only the own ones', async () => {
  const tasks = Array.from({ length: 20_000 }, (_, index) => ({ taskId: `task-of-bob-${index}`, status: 'working' }));
  const event = `id: 4\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tasks } })}\n\n`;
  await using lab = await startTokenLab({
    respond: (_, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(event),
  });
  const text = await (await send(lab, 'GET', alice, { 'last-event-id': '3' })).text();
  assert.equal(text, 'id: 4\ndata: {"jsonrpc":"2.0","id":1,"result":{"tasks":[]}}\n\n');
});

test('a task of a tool the caller may use no more – goes the way of the tool', async () => {
  const policy = {
    strategy: 'scopes' as const,
    required: ['mcp:tools:call'],
    rules: [{ tools: ['Plain'], claims: { team: 'a' } }],
  };
  await using lab = await startTokenLab({ respond: trusting(), server: (usual) => ({ ...usual, policy }) });
  const task = await startTask(lab, 'Plain', { ...alice, team: 'a' });
  assert.equal((await askTask(lab, 'tasks/get', task, { ...alice, team: 'a', jti: 'AT.2' })).error, undefined);
  assert.equal((await askTask(lab, 'tasks/result', task, { ...alice, team: 'b' })).error?.data.code, 'tool_unknown');
});

test('a long answer where a task could have come – passes as it comes', async () => {
  const long = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'x'.repeat(300_000) }] } };
  await using lab = await startTokenLab({ respond: (_, response) => sendJson(response, 200, long) });
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'GetCountry', task: {} } };
  assert.deepEqual(JSON.parse(await (await post(lab.gateway.mcpUrl, lab.token(), call)).text()), long);
});
