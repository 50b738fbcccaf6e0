import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { meta, modernHeaders } from '../kit/stdio-client.ts';
import { startScriptedStdio } from '../kit/start-scripted-stdio.ts';

/** Has the tool `sql`, on the second page of its list, whose parameter `region` is mirrored in its first lists; and counts. */
const script = `
globalThis.lists ??= 0;
globalThis.calls ??= 0;
const { id, method, params } = message;
if (method === 'tools/list') {
  if (params.cursor === undefined) { lists += 1; return say({ id, result: { tools: [{ name: 'plain', inputSchema: { type: 'object' } }], nextCursor: 'two', ttlMs: 300000 } }); }
  const region = { type: 'string', ...(lists <= Number(process.env.MIRRORED_LISTS) ? { 'x-mcp-header': process.env.HEADER } : {}) };
  return say({ id, result: { tools: [{ name: 'sql', inputSchema: { type: 'object', properties: { region } } }], ttlMs: 300000 } });
}
if (method === 'tools/call') { calls += 1; return say({ id, result: { content: [{ type: 'text', text: calls + ' of ' + lists }], resultType: 'complete' } }); }
`;

async function start(context: TestContext, env: Readonly<Record<string, string>> = {}) {
  const settings = { env: { MIRRORED_LISTS: '1000', HEADER: 'Region', ...env } };
  const gateway = await startScriptedStdio(context, script, { mode: 'modern', settings });
  return async (name: string, args: object, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(gateway.mcpUrl, {
      method: 'POST',
      headers: { ...modernHeaders('tools/call', name), ...headers },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 7,
        method: 'tools/call',
        params: { name, arguments: args, _meta: meta },
      }),
    });
    const body = (await response.json()) as {
      id: unknown;
      error?: { code: number; message: string };
      result?: { content: { text: string }[] };
    };
    return { status: response.status, ...body, text: body.result?.content[0]?.text };
  };
}

test('a call whose header says what its argument does – reaches the server, which is asked for its tools once', async (context) => {
  const call = await start(context);
  assert.equal((await call('sql', { region: 'eu' }, { 'mcp-param-region': 'eu' })).text, '1 of 1');
  assert.equal((await call('plain', { region: 'eu' })).text, '2 of 1');
});

test('a call whose header is missing, or says something else – is refused as a server of HTTP does, and never reaches it', async (context) => {
  const call = await start(context);
  for (const headers of [{}, { 'mcp-param-region': 'us' }]) {
    const refused = await call('sql', { region: 'eu' }, headers);
    assert.deepEqual([refused.status, refused.id, refused.error?.code], [400, 7, -32_020]);
    assert.match(refused.error?.message ?? '', /mcp-param-region/);
  }
  assert.match((await call('plain', {})).text ?? '', /^1 of/);
});

test('a server whose tools have changed – is asked again before a call is refused', async (context) => {
  const call = await start(context, { MIRRORED_LISTS: '1' });
  assert.equal((await call('sql', { region: 'eu' }, { 'mcp-param-region': 'eu' })).text, '1 of 1');
  await sleep(1_100);
  assert.equal((await call('sql', { region: 'eu' })).text, '2 of 2');
});

test('a declaration that is none – is not held against a call', async (context) => {
  const call = await start(context, { HEADER: 'no header' });
  assert.equal((await call('sql', { region: 'eu' })).status, 200);
});
