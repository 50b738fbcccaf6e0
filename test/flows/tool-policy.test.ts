import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import type { scopesSchema } from '../../src/policies/scopes/schema.ts';
import { post, toolCall } from '../kit/call.ts';
import { sendJson, type Respond } from '../kit/start-http-server.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

const names = ['GetCountry', 'GetAllCountries', 'DeleteCountry', 'AdminReset', 'Export'];
const list = {
  jsonrpc: '2.0',
  id: 1,
  result: {
    resultType: 'complete',
    tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })),
    nextCursor: 'page-2',
    cacheScope: 'public',
    ttlMs: 60_000,
  },
};

const policy: z.input<typeof scopesSchema> = {
  strategy: 'scopes',
  required: ['mcp:tools:call'],
  methods: { 'resources/read': ['mcp:resources'] },
  tools: { DeleteCountry: ['mcp:tools:admin', 'mcp:tools:delete'], Export: 'mcp:export' },
  rules: [
    { tools: ['Admin*'], claims: { groups: ['admins'] } },
    { tools: ['Admin*'], effect: 'deny' },
    { tools: ['Export'], claims: { 'realm.roles': 'auditor', active: true } },
    { tools: ['Export'], effect: 'deny' },
    { tools: ['*Countr*'] },
  ],
};

const asJson: Respond = (request, response) => {
  const { method, id } = JSON.parse(request.body) as { method: string; id: number };
  sendJson(response, 200, method === 'tools/list' ? { ...list, id } : { jsonrpc: '2.0', id, result: { content: [] } });
};

/** The list in the middle of a stream, with everything around it that has to pass untouched. */
const before =
  ': hello\r\n\r\nid: 7\nretry: 3000\ndata:\n\nevent: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"tools":1}}\n\n';
/** What cannot be read is not passed on: some read more than JSON, and some what no empty line ended. */
const unread = `data: {"result":{"tools":[{"name":"AdminReset","x":NaN}]}}\n\n`;
const cutOff = `data: ${JSON.stringify(list)}\n`;
const after = ': bye\n\n';
const asEvents: Respond = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = `id: 8\nevent: message\ndata: ${JSON.stringify(list)}\n\n`;
  response.write(before.slice(0, 20));
  setTimeout(() => response.write(before.slice(20) + event.slice(0, 100)), 5);
  setTimeout(() => response.end(event.slice(100) + unread + after + cutOff), 10);
};

function startLab(respond: Respond = asJson, more: object = {}): Promise<TokenLab> {
  return startTokenLab({ respond, server: (usual) => ({ ...usual, policy: { ...policy, ...more } }) });
}

interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly body: { readonly error?: { code: number; message: string }; readonly result?: typeof list.result };
}

async function ask(lab: TokenLab, claims: Record<string, unknown>, message: unknown): Promise<Answer> {
  const response = await post(lab.gateway.mcpUrl, lab.token({ claims }), message);
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: JSON.parse(await response.text()),
  };
}

const listTools = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const everybody = ['mcp:tools:call'];
const callers: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
  ['everybody', { scp: everybody }, ['GetCountry', 'GetAllCountries']],
  ['an admin', { scp: everybody, groups: ['staff', 'admins'] }, ['GetCountry', 'GetAllCountries', 'AdminReset']],
  [
    'one with all scopes',
    { scp: [...everybody, 'mcp:tools:admin', 'mcp:tools:delete'] },
    ['GetCountry', 'GetAllCountries', 'DeleteCountry'],
  ],
  ['one with a part of the scopes', { scp: [...everybody, 'mcp:tools:admin'] }, ['GetCountry', 'GetAllCountries']],
  [
    'an auditor',
    { scp: [...everybody, 'mcp:export'], realm: { roles: ['auditor'] }, active: true },
    ['GetCountry', 'GetAllCountries', 'Export'],
  ],
  [
    'an auditor whose claim is text',
    { scp: [...everybody, 'mcp:export'], realm: { roles: ['auditor'] }, active: 'true' },
    ['GetCountry', 'GetAllCountries'],
  ],
];

for (const [name, claims, expected] of callers) {
  test(`tools/list for ${name} – exactly the tools a call would be allowed to`, async () => {
    await using lab = await startLab();
    const { body } = await ask(lab, claims, listTools);
    assert.deepEqual(
      body.result?.tools.map((tool) => tool.name),
      expected,
    );
    for (const tool of names) {
      const { body: answer } = await ask(lab, claims, toolCall(tool));
      assert.equal(answer.error === undefined, expected.includes(tool), tool);
    }
  });
}

test('a filtered list – private to its caller, its cursor and other members kept', async () => {
  await using lab = await startLab();
  const { body } = await ask(lab, { scp: everybody }, listTools);
  assert.deepEqual({ ...body.result, tools: [] }, { ...list.result, tools: [], cacheScope: 'private' });
});

test('a list in an event stream – filtered, and every other byte as it came', async () => {
  await using lab = await startLab(asEvents);
  const text = await (await post(lab.gateway.mcpUrl, lab.token(), listTools)).text();
  const shown = { ...list, result: { ...list.result, tools: list.result.tools.slice(0, 2), cacheScope: 'private' } };
  assert.equal(text, `${before}id: 8\nevent: message\ndata: ${JSON.stringify(shown)}\n\n${after}`);
});

for (const [name, text] of [
  ['begins with a byte order mark', `\uFEFFdata: ${JSON.stringify(list)}\n\n`],
  ['spreads over several lines', `data: ${JSON.stringify(list, null, 1).replaceAll('\n', '\ndata: ')}\n\n`],
  ['ends its lines with carriage returns', `id: 1\rdata:${JSON.stringify(list)}\r\r`],
  ['escapes its keys', `data: ${JSON.stringify(list).replace('"tools"', '"t\\u006fols"')}\n\n`],
] as const) {
  test(`a list in an event stream that ${name} – filtered`, async () => {
    await using lab = await startLab((_, response) => {
      response.writeHead(200, { 'content-type': 'Text/Event-Stream; charset=utf-8' }).end(text);
    });
    const shown = await (await post(lab.gateway.mcpUrl, lab.token(), listTools)).text();
    assert.ok(shown.includes('GetCountry') && !shown.includes('AdminReset'), shown);
  });
}

test('a list that comes on a stream that is listened to – filtered there, too', async () => {
  await using lab = await startLab(asEvents);
  const response = await fetch(lab.gateway.mcpUrl, { headers: { authorization: `Bearer ${lab.token()}` } });
  const text = await response.text();
  assert.ok(text.includes('GetCountry') && !text.includes('AdminReset'), text);
});

for (const [name, respond] of [
  ['is no JSON', (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('<html>')],
  ['is encoded', (_, response) => sendJson(response, 200, list, { 'content-encoding': 'gzip' })],
  ['is of another type', (_, response) => sendJson(response, 200, list, { 'content-type': 'text/plain' })],
  [
    'is cut short',
    (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
        .write('{', () => response.destroy()),
  ],
  [
    'is endless',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('[');
      const more = () => {
        while (!response.destroyed && response.write('1,'.repeat(100_000)));
      };
      response.on('drain', more);
      more();
    },
  ],
] satisfies [string, Respond][]) {
  test(`a list that ${name} – 502, nothing of it reaches the caller`, async () => {
    await using lab = await startLab(respond);
    const { status, body } = await ask(lab, { scp: everybody }, listTools);
    assert.equal(status, 502, JSON.stringify(body));
    assert.ok(!JSON.stringify(body).includes('AdminReset'));
  });
}

test('an error instead of a list – passes as it is', async () => {
  const error = { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method not found' } };
  await using lab = await startLab((_, response) => sendJson(response, 404, error));
  assert.deepEqual(await ask(lab, { scp: everybody }, listTools), { status: 404, challenge: null, body: error });
});

test('a tool no rule allows – does not exist, whatever scopes the caller has; the API hears nothing', async () => {
  await using lab = await startLab();
  const { status, challenge, body } = await ask(lab, { scp: everybody }, toolCall('AdminReset'));
  assert.deepEqual(
    [status, challenge, body.error?.code, body.error?.message],
    [200, null, -32602, 'Unknown tool: AdminReset'],
  );
  assert.equal(lab.upstream.seen.length, 0);
  const [record] = await lab.gateway.records();
  assert.deepEqual([record?.decision, record?.code, record?.what.tool], ['refused', 'tool_unknown', 'AdminReset']);
  assert.match(record?.hint ?? '', /rule 2 denies it/);
});

for (const params of [
  {},
  ['AdminReset'],
  { name: ['AdminReset'] },
  { name: null },
  { name: {} },
  { name: 1 },
  undefined,
]) {
  test(`a tool call with params ${JSON.stringify(params)} – refused: it could be any tool`, async () => {
    await using lab = await startLab();
    const { status, body } = await ask(
      lab,
      { scp: everybody },
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    );
    assert.deepEqual([status, body.error?.code], [400, -32602]);
    assert.equal(lab.upstream.seen.length, 0);
  });
}

test('a list that a task resulted in – filtered', async () => {
  const task = { jsonrpc: '2.0', id: 1, result: { resultType: 'task', taskId: 't1', status: 'working' } };
  await using lab = await startLab((request, response) => {
    const { method } = JSON.parse(request.body) as { method: string };
    if (method === 'tools/call') return sendJson(response, 200, task);
    sendJson(
      response,
      200,
      method === 'tasks/get' ? { ...task, result: { ...task.result, result: list.result } } : list,
    );
  });
  const call = { ...toolCall('GetCountry'), params: { name: 'GetCountry', task: {} } };
  await ask(lab, { scp: everybody }, call);
  for (const method of ['tasks/get', 'tasks/result']) {
    const { body } = await ask(lab, { scp: everybody }, { jsonrpc: '2.0', id: 1, method, params: { taskId: 't1' } });
    const text = JSON.stringify(body);
    assert.ok(text.includes('GetCountry') && !text.includes('AdminReset'), text);
  }
});

test("a list with somebody else's session – 502, nothing of it", async () => {
  await using lab = await startLab((_, response) => sendJson(response, 200, list, { 'mcp-session-id': 'the-same' }));
  await ask(lab, { scp: everybody, sub: 'alice@example.com' }, listTools);
  const { status, body } = await ask(lab, { scp: everybody, sub: 'bob@example.com' }, listTools);
  assert.deepEqual([status, body.result], [502, undefined]);
});

test('a tool whose scopes are missing – 403 that names all the call needs at once', async () => {
  await using lab = await startLab();
  const { status, challenge } = await ask(
    lab,
    { scp: ['mcp:tools:call', 'mcp:tools:admin'] },
    toolCall('DeleteCountry'),
  );
  assert.equal(status, 403);
  assert.match(
    challenge ?? '',
    /error="insufficient_scope", .*scope="mcp:tools:call mcp:tools:admin mcp:tools:delete"/,
  );
});

test('a method whose scope is missing – 403 with it', async () => {
  await using lab = await startLab();
  const read = { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'a://b' } };
  assert.match((await ask(lab, { scp: everybody }, read)).challenge ?? '', /scope="mcp:tools:call mcp:resources"/);
  assert.equal((await ask(lab, { scp: [...everybody, 'mcp:resources'] }, read)).status, 200);
});

test('a batch – judged message by message, refused as a whole', async () => {
  await using lab = await startLab();
  const { status, challenge } = await ask(lab, { scp: everybody }, [
    toolCall('GetCountry', 1),
    toolCall('DeleteCountry', 2),
  ]);
  assert.equal(status, 403);
  assert.match(challenge ?? '', /mcp:tools:delete/);
  assert.equal(lab.upstream.seen.length, 0);
});

test('list: obtainable – also shows what only lacks a scope, so that clients can step up', async () => {
  await using lab = await startLab(asJson, { list: 'obtainable' });
  const { body } = await ask(lab, { scp: everybody }, listTools);
  assert.deepEqual(
    body.result?.tools.map(({ name }) => name),
    ['GetCountry', 'GetAllCountries', 'DeleteCountry'],
  );
});

test('the audit trail – says which scopes and which rule let a call through', async () => {
  await using lab = await startLab();
  await ask(lab, { scp: everybody }, toolCall('GetCountry'));
  const [record] = await lab.gateway.records();
  assert.equal(record?.reason, 'scopes mcp:tools:call; rule 5 allows it');
});

test('scopes that clients ask for by a longer name – challenge, metadata and step-up say that name, the token has the short one', async () => {
  const longer: z.input<typeof scopesSchema> = {
    strategy: 'scopes',
    prefix: 'api://gateway/',
    required: ['mcp.call', 'openid'],
  };
  await using lab = await startTokenLab({ server: (usual) => ({ ...usual, policy: longer }) });
  const first = await post(lab.gateway.mcpUrl, undefined);
  assert.match(first.headers.get('www-authenticate') ?? '', / scope="api:\/\/gateway\/mcp\.call openid"/);
  const metadata = /resource_metadata="([^"]+)"/.exec(first.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  const { scopes_supported: supported } = (await (await fetch(metadata)).json()) as Record<string, unknown>;
  assert.deepEqual(supported, ['api://gateway/mcp.call', 'openid']);
  const refused = await post(lab.gateway.mcpUrl, lab.token({ claims: { scp: 'openid' } }));
  assert.equal(refused.status, 403);
  assert.match(refused.headers.get('www-authenticate') ?? '', / scope="api:\/\/gateway\/mcp\.call openid"/);
  assert.equal((await post(lab.gateway.mcpUrl, lab.token({ claims: { scp: 'mcp.call openid' } }))).status, 200);
});
