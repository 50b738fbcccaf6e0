import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { rawPost, readRawAnswer, sendRaw } from '../kit/send-raw.ts';
import { sendJson, type Respond } from '../kit/start-http-server.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';
import { startFixture } from '../conformance/fixture/start-fixture.ts';

/** The gateway with token exchange, and someone to call it. */
async function startLab(
  respond: Respond,
  own: { readonly session?: string; readonly taskId?: string } = {},
): Promise<{ lab: TokenLab; url: string; callerToken: string } & AsyncDisposable> {
  const lab = await startTokenLab({
    respond: (request, ...more) => (request.body === starting ? giving(own) : respond)(request, ...more),
  });
  const callerToken = lab.token();
  // Sessions and tasks belong to whoever started them: somebody has to.
  if (own.session !== undefined || own.taskId !== undefined)
    await (await post(lab.gateway.mcpUrl, callerToken, starting)).text();
  lab.upstream.seen.length = 0;
  return {
    lab,
    url: lab.gateway.mcpUrl,
    callerToken,
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

const starting = '{"jsonrpc":"2.0","id":0,"method":"tools/call","params":{"name":"Start","task":{}}}';

/** A server that gives out a session and a task. */
function giving({ session, taskId }: { readonly session?: string; readonly taskId?: string }): Respond {
  const result = { resultType: 'task', taskId, status: 'working' };
  const headers: Record<string, string> = session === undefined ? {} : { 'mcp-session-id': session };
  return (_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 0, result }, headers);
}

/** Answers with exactly this text. */
function answering(text: string, status = 200, headers: Record<string, string> = {}): Respond {
  return (_, response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

/** What a request of 2026-07-28 says of itself. */
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {}, extensions: { 'example.com/unheard-of': { a: 1 } } },
};

function modern(method: string, name?: string): Record<string, string> {
  return {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(name === undefined ? {} : { 'mcp-name': name }),
  };
}

// --- 2025-03-26: batches

test('2025-03-26 – a batch – reaches the server as it was sent, and its answer comes back as it is', async () => {
  const batch =
    '[ {"jsonrpc":"2.0","id":1,"method":"tools/list"},\n{"jsonrpc":"2.0","method":"notifications/progress"}, {"jsonrpc":"2.0","id":"b","method":"ping"} ]';
  const answers = '[{"jsonrpc":"2.0","id":"b","result":{}} ,\n {"id":1,"jsonrpc":"2.0","result":{"tools":[]}}]';
  await using all = await startLab(answering(answers), { session: 's1' });
  const response = await post(all.url, all.callerToken, batch, { 'mcp-session-id': 's1' });
  assert.equal(all.lab.upstream.seen[0]?.body, batch);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), answers);
});

test('2025-03-26 – a batch of notifications and answers – 202 without a body', async () => {
  await using all = await startLab((_, response) => void response.writeHead(202).end());
  const response = await post(all.url, all.callerToken, [
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 7, result: { roots: [] } },
    { jsonrpc: '2.0', id: 8, error: { code: -1, message: 'no' } },
  ]);
  assert.equal(response.status, 202);
  assert.equal(await response.text(), '');
});

test('2025-03-26 – a session at a server of the official SDK – its batch is answered whole', async () => {
  await using fixture = await startFixture();
  await using all = await startTokenLab({
    server: (usual) => ({ ...usual, upstream: { strategy: 'http', url: `${fixture.url}/mcp` } }),
  });
  const callerToken = all.token();
  const opened = await post(all.gateway.mcpUrl, callerToken, {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  });
  const session = opened.headers.get('mcp-session-id') ?? '';
  assert.match(await opened.text(), /"protocolVersion":"2025-03-26"/);
  const response = await post(
    all.gateway.mcpUrl,
    callerToken,
    [
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'test_simple_text' } },
    ],
    { 'mcp-session-id': session },
  );
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.match(text, /"id":1\b/);
  assert.match(text, /This is a simple text response/);
});

// --- 2025: sessions, listening, answers of clients

test('2025 – a session – its id comes back, goes along, and both ends of its life pass', async () => {
  const id = 'S-1.~!session';
  await using all = await startLab(({ method, headers }, response) => {
    if (method === 'POST')
      return sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }, { 'Mcp-Session-Id': id });
    response.writeHead(headers['mcp-session-id'] === id ? 204 : 404).end();
  });
  const headers = { authorization: `Bearer ${all.callerToken}`, 'mcp-session-id': id };
  const opened = await post(all.url, all.callerToken, { jsonrpc: '2.0', id: 1, method: 'initialize' });
  assert.equal(opened.headers.get('mcp-session-id'), id);
  const ended = await fetch(all.url, { method: 'DELETE', headers });
  assert.equal(ended.status, 204);
  assert.deepEqual(
    all.lab.upstream.seen.map(({ method, headers: seen }) => [method, seen['mcp-session-id']]),
    [
      ['POST', undefined],
      ['DELETE', id],
    ],
  );
});

test('2025 – GET with Last-Event-ID – the id as it was sent, the events from behind as they are', async () => {
  const events =
    ': welcome back\n\nid: a/1;é\nretry: 500\ndata:\n\nid: a/2\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n';
  await using all = await startLab(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': 's1' }).end(events);
    },
    { session: 's1' },
  );
  const response = await fetch(all.url, {
    headers: {
      authorization: `Bearer ${all.callerToken}`,
      accept: 'text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      'mcp-session-id': 's1',
      'last-event-id': 'a/0;\u00e9 +%20==',
    },
  });
  assert.equal(await response.text(), events);
  const [seen] = all.lab.upstream.seen;
  assert.equal(seen?.headers['last-event-id'], 'a/0;\u00e9 +%20==');
  assert.equal(seen?.headers['mcp-protocol-version'], '2025-11-25');
  assert.equal(seen?.headers['accept'], 'text/event-stream');
});

test("2025 – the client's answer to a question of the server – reaches it, and 202 comes back", async () => {
  const body = '{"jsonrpc":"2.0","id":"srv-1","result":{"action":"accept","content":{"name":"\\u00c5sa"}}}';
  await using all = await startLab((_, response) => void response.writeHead(202).end(), { session: 's1' });
  const response = await post(all.url, all.callerToken, body, { 'mcp-session-id': 's1' });
  assert.equal(response.status, 202);
  assert.equal(all.lab.upstream.seen[0]?.body, body);
});

for (const [status, what, headers] of [
  [400, 'a version it does not speak', {}],
  [404, 'a session it does not know', {}],
  [404, 'a method it does not have', {}],
  [405, 'no listening', { allow: 'POST, DELETE' }],
  [429, 'too much', { 'retry-after': '7' }],
] as const) {
  test(`the server behind answers ${status} (${what}) – status, JSON-RPC body and headers unchanged`, async () => {
    const body = `{"jsonrpc" : "2.0", "id":null, "error":{"code":-32022,"message":"${what}","data":{"supported":["2025-11-25"]}}}`;
    await using all = await startLab(answering(body, status, headers));
    for (const method of ['POST', 'GET', 'DELETE']) {
      const response = await fetch(all.url, {
        method,
        headers: { authorization: `Bearer ${all.callerToken}`, 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: '{"jsonrpc":"2.0","id":1,"method":"x"}' } : {}),
      });
      assert.equal(response.status, status, method);
      assert.equal(await response.text(), body, method);
      for (const [name, value] of Object.entries(headers)) assert.equal(response.headers.get(name), value, method);
    }
  });
}

// --- 2026-07-28: no sessions, state that travels, streams that are closed to cancel

test('2026-07-28 – server/discover – asked and answered as it is', async () => {
  const result =
    '{"jsonrpc":"2.0","id":"d","result":{"supportedVersions":["2026-07-28","2099-01-01"],"capabilities":{"extensions":{"example.com/x":{}}},"ttlMs":5,"cacheScope":"public","resultType":"complete"}}';
  await using all = await startLab(answering(result));
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'd', method: 'server/discover', params: { _meta: meta } });
  const response = await post(all.url, all.callerToken, body, modern('server/discover'));
  assert.equal(await response.text(), result);
  const [seen] = all.lab.upstream.seen;
  assert.equal(seen?.body, body);
  assert.equal(seen?.headers['mcp-method'], 'server/discover');
  assert.equal(seen?.headers['mcp-protocol-version'], '2026-07-28');
});

test('2026-07-28 – subscriptions/listen – each event when it is sent, and closing it cancels it behind', async () => {
  const stream = Promise.withResolvers<ServerResponse>();
  await using all = await startLab((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    stream.resolve(response);
  });
  const params = { _meta: meta, notifications: { toolsListChanged: true } };
  const abort = new AbortController();
  const answer = fetch(all.url, {
    method: 'POST',
    signal: abort.signal,
    headers: {
      authorization: `Bearer ${all.callerToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...modern('subscriptions/listen'),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 'sub-1', method: 'subscriptions/listen', params }),
  });
  const behind = await stream.promise;
  const closed = once(behind, 'close');
  const tag = { _meta: { 'io.modelcontextprotocol/subscriptionId': 'sub-1' } };
  const events = ['acknowledged', 'tools/list_changed', 'tools/list_changed'].map(
    (what) => `data: ${JSON.stringify({ jsonrpc: '2.0', method: `notifications/${what}`, params: tag })}\n\n`,
  );
  behind.write(events[0]);
  const reader = (await answer).body?.getReader();
  const read = async () => new TextDecoder().decode((await reader?.read())?.value);
  assert.equal(await read(), events[0]);
  // What came is read before the next is sent: nothing waits for company.
  for (const event of [...events.slice(1), ': still here\n\n']) {
    behind.write(event);
    assert.equal(await read(), event);
  }
  abort.abort();
  await closed;
});

test('2026-07-28 – several rounds – requestState comes and goes byte for byte', async () => {
  // Spelt as JSON allows and nobody would write it again.
  const state = `"v1.\\u0065y\\/J+=\\ud83d\\ude00 \\"${'x'.repeat(20_000)}\\n"`;
  const asking = `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{"q":{"method":"elicitation/create","params":{"message":"?"}}},"requestState":${state} }}`;
  await using all = await startLab(answering(asking));
  const call = (id: number, more: string) =>
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"Ask","arguments":{}${more},"_meta":${JSON.stringify(meta)}}}`;
  const first = await post(all.url, all.callerToken, call(1, ''), modern('tools/call', 'Ask'));
  assert.equal(await first.text(), asking);
  const again = call(2, `,"inputResponses":{"q":{"action":"accept","content":{"n":1.0}}},"requestState": ${state}`);
  await post(all.url, all.callerToken, again, modern('tools/call', 'Ask'));
  assert.equal(all.lab.upstream.seen[1]?.body, again);
});

for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel', 'tasks/result', 'tasks/list']) {
  test(`${method} – asked with its Mcp-Name and answered as it is`, async () => {
    const result =
      '{"jsonrpc":"2.0","id":1,"result":{"taskId":"t/1 ","status":"working","ttlMs":60000,"pollIntervalMs":5.0}}';
    await using all = await startLab(answering(result), { taskId: 't/1 ' });
    const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{"taskId":"t/1 ","_meta":${JSON.stringify(meta)}}}`;
    const response = await post(all.url, all.callerToken, body, modern(method, '=?base64?dC8xIA==?='));
    assert.equal(await response.text(), result);
    const [seen] = all.lab.upstream.seen;
    assert.equal(seen?.body, body);
    assert.equal(seen?.headers['mcp-name'], '=?base64?dC8xIA==?=');
  });
}

test('a call that becomes a task – the result as it is', async () => {
  const result = '{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","task":{"taskId":"t1","status":"working"}}}';
  await using all = await startLab(answering(result));
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"Slow","task":{"ttl":60000}}}`;
  assert.equal(await (await post(all.url, all.callerToken, body)).text(), result);
  assert.equal(all.lab.upstream.seen[0]?.body, body);
});

test('a method nobody knows yet – its members, ids and result type pass unread', async () => {
  const result =
    '{"jsonrpc":"2.0","id":9007199254740993,"result":{"resultType":"example.com/later","_meta":{"x":[1e400,-0]}},"extra":true}';
  await using all = await startLab(answering(result));
  const body =
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"example.com/later","params":[1,{"deep":[[[]]]}],"extra":null}';
  const response = await post(all.url, all.callerToken, body, modern('example.com/later'));
  assert.equal(await response.text(), result);
  assert.equal(all.lab.upstream.seen[0]?.body, body);
});

test('Mcp-Param headers nobody knows – any spelling of name and value reaches the server as it was sent', async () => {
  await using all = await startLab((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }));
  const sent = [
    ['Mcp-Param-Region', '=?base64?w6nigqw=?='],
    ['MCP-PARAM-X', 'EU, "quoted" ; é\u00ff'],
    ['mcp-param-empty', ''],
    ['mcp-param-_odd.name~', '=?base64??='],
    ['Mcp-Param-Twice', 'one'],
    ['Mcp-Param-Twice', 'two'],
    ['Mcp-Param-Long', 'x'.repeat(4_000)],
  ];
  const lines = [`authorization: Bearer ${all.callerToken}`, 'connection: close', 'mcp-method: tools/call'];
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"Ask"}}';
  const text = await sendRaw(
    all.lab.gateway.port,
    rawPost([...lines, ...sent.map(([name, value]) => `${name}: ${value}`)], body),
  );
  assert.equal(readRawAnswer(text).status, 200, text);
  const { rawHeaders = [] } = all.lab.upstream.seen[0] ?? {};
  const came = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && name.startsWith('mcp-param-') ? [[name, rawHeaders[index + 1]]] : [],
  );
  assert.deepEqual(
    came,
    sent.map(([name, value]) => [name?.toLowerCase(), value]),
  );
});
