import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

const versionKey = 'io.modelcontextprotocol/protocolVersion';
const modern = '2026-07-28';

function modernCall(method: string, params: Record<string, unknown>): Record<string, unknown> {
  return { jsonrpc: '2.0', id: 7, method, params: { ...params, _meta: { [versionKey]: modern } } };
}

const getCountry = modernCall('tools/call', { name: 'GetCountry', arguments: {} });
const honest = { 'mcp-protocol-version': modern, 'mcp-method': 'tools/call', 'mcp-name': 'GetCountry' };

async function assertRefused(lab: TokenLab, send: Promise<Response>, expected: { code: string; rpc: number }) {
  const response = await send;
  const text = await response.text();
  const { error, id } = JSON.parse(text) as {
    id: unknown;
    error: { code: number; data: { code: string; id: string } };
  };
  assert.deepEqual([error.data.code, error.code, response.status], [expected.code, expected.rpc, 400], text);
  assert.equal(lab.upstream.seen.length, 0, 'nothing reaches the server behind');
  assert.equal(lab.issuer.count(new URL(lab.issuer.tokenUrl).pathname), 0, 'nothing is exchanged');
  assert.equal((await lab.record(error.data.id)).code, expected.code);
  return id;
}

const ambiguous: readonly (readonly [string, string])[] = [
  ['two names', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"decoy","name":"real"}}'],
  ['two methods', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"real"}}'],
  ['a method in another case', '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}'],
  [
    'params in another case',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"PARAMS":{"name":"b"}}',
  ],
  ['an escaped second name', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\\u0061me":"b"}}'],
  ['two ids', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'],
  [
    'two arguments of one name',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1,"x":2}}}',
  ],
];
for (const [name, body] of ambiguous) {
  test(`a call with ${name} – refused: it could be read as another one`, async () => {
    await using lab = await startTokenLab();
    await assertRefused(lab, post(lab.gateway.mcpUrl, lab.token(), body), { code: 'body_not_json_rpc', rpc: -32600 });
  });
}

const lies: readonly (readonly [string, Record<string, unknown>, Record<string, string>])[] = [
  ['Mcp-Name of another tool', getCountry, { ...honest, 'mcp-name': 'safe' }],
  ['Mcp-Name in another case', getCountry, { ...honest, 'mcp-name': 'getcountry' }],
  ['Mcp-Name that decodes to another tool', getCountry, { ...honest, 'mcp-name': '=?base64?c2FmZQ==?=' }],
  ['Mcp-Name that is no base64', getCountry, { ...honest, 'mcp-name': '=?base64?***?=' }],
  ['Mcp-Method of another method', getCountry, { ...honest, 'mcp-method': 'tools/list' }],
  ['another version than the body', getCountry, { ...honest, 'mcp-protocol-version': '2025-11-25' }],
  ['no version', getCountry, { 'mcp-method': 'tools/call', 'mcp-name': 'GetCountry' }],
  ['no Mcp-Method', getCountry, { 'mcp-protocol-version': modern, 'mcp-name': 'GetCountry' }],
  ['no Mcp-Name', getCountry, { 'mcp-protocol-version': modern, 'mcp-method': 'tools/call' }],
  [
    'no Mcp-Name for a resource',
    modernCall('resources/read', { uri: 'a://b' }),
    { 'mcp-protocol-version': modern, 'mcp-method': 'resources/read' },
  ],
  [
    'a lying Mcp-Name from an older client',
    toolCall('danger'),
    { 'mcp-protocol-version': '2025-11-25', 'mcp-name': 'safe' },
  ],
  ['a lying Mcp-Method without a version', toolCall('danger'), { 'mcp-method': 'ping' }],
  [
    'a decoy name beside a task id',
    { jsonrpc: '2.0', id: 7, method: 'tasks/get', params: { taskId: 't1', name: 'safe' } },
    { 'mcp-name': 'safe' },
  ],
];
for (const [name, message, headers] of lies) {
  test(`a call with ${name} – 400 HeaderMismatch with its id, nothing forwarded`, async () => {
    await using lab = await startTokenLab();
    const id = await assertRefused(lab, post(lab.gateway.mcpUrl, lab.token(), message, headers), {
      code: 'header_mismatch',
      rpc: -32020,
    });
    assert.equal(id, message['id']);
  });
}

test('a header that mirrors the body twice – refused, whatever the two say', async () => {
  await using lab = await startTokenLab();
  const headers = new Headers({
    ...honest,
    authorization: `Bearer ${lab.token()}`,
    'content-type': 'application/json',
  });
  headers.append('mcp-name', 'GetCountry');
  const sent = fetch(lab.gateway.mcpUrl, { method: 'POST', headers, body: JSON.stringify(getCountry) });
  await assertRefused(lab, sent, { code: 'header_mismatch', rpc: -32020 });
});

for (const [name, message, headers] of [
  ['an honest call', getCountry, honest],
  [
    'a name in base64',
    modernCall('tools/call', { name: 'Länder' }),
    { ...honest, 'mcp-name': '=?base64?TMOkbmRlcg==?=' },
  ],
  [
    'a method of an extension with a name of its own',
    modernCall('x/run', { job: 'j' }),
    { 'mcp-protocol-version': modern, 'mcp-method': 'x/run', 'mcp-name': 'j' },
  ],
  ['an older client', toolCall(), { 'mcp-protocol-version': '2025-06-18' }],
] as const) {
  test(`${name} – passes`, async () => {
    await using lab = await startTokenLab();
    assert.equal((await post(lab.gateway.mcpUrl, lab.token(), message, headers)).status, 200);
  });
}

test('a batch at a version that has none – refused', async () => {
  await using lab = await startTokenLab();
  const batch = [toolCall('a', 1), toolCall('b', 2)];
  const headers = { 'mcp-protocol-version': '2025-06-18' };
  await assertRefused(lab, post(lab.gateway.mcpUrl, lab.token(), batch, headers), {
    code: 'body_not_json_rpc',
    rpc: -32600,
  });
});

test('a body of brackets alone – refused before it is built', async () => {
  await using lab = await startTokenLab();
  const deep = `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  await assertRefused(lab, post(lab.gateway.mcpUrl, lab.token(), deep), { code: 'body_not_json_rpc', rpc: -32600 });
});

test('a body in another charset – 415', async () => {
  await using lab = await startTokenLab();
  const utf16 = { 'content-type': 'application/json; charset=utf-16' };
  assert.equal((await post(lab.gateway.mcpUrl, lab.token(), toolCall(), utf16)).status, 415);
  const utf8 = { 'content-type': 'application/json; charset="UTF-8"' };
  assert.equal((await post(lab.gateway.mcpUrl, lab.token(), toolCall(), utf8)).status, 200);
});
