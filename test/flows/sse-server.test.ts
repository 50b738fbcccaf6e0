import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { post } from '../kit/call.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { startSseServer } from '../kit/start-sse-server.ts';
import { allMessagesOf, messagesOf } from '../kit/stdio-server.ts';
import { until } from '../kit/until.ts';

/** The whole path in front of a server of HTTP+SSE: callers' tokens are exchanged. */
async function start(context: TestContext, options: Parameters<typeof startSseServer>[0] = {}) {
  const server = await startSseServer(options);
  context.after(() => server[Symbol.asyncDispose]());
  const issuer = await startIssuer();
  context.after(() => issuer[Symbol.asyncDispose]());
  const upstream = { strategy: 'http' as const, transport: 'sse' as const, url: server.url };
  const gateway = await startTestGateway({ sse: exchangingServer(issuer, server, { upstream }) });
  context.after(() => gateway.close());
  return { server, issuer, gateway };
}

async function open(url: string, callerToken: string) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const response = await post(url, callerToken, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const headers = {
    'mcp-session-id': response.headers.get('mcp-session-id') ?? '',
    'mcp-protocol-version': '2025-11-25',
  };
  const send = (message: object, by = callerToken) => post(url, by, { jsonrpc: '2.0', ...message }, headers);
  if (response.status === 200) await send({ method: 'notifications/initialized' });
  return {
    response,
    send,
    call: (name: string, id = 1, by = callerToken) =>
      send({ id, method: 'tools/call', params: { name, arguments: {}, _meta: { progressToken: 'mine' } } }, by),
    end: () => fetch(url, { method: 'DELETE', headers: { ...headers, authorization: `Bearer ${callerToken}` } }),
  };
}

function textOf(message: unknown): string {
  const { result } = message as { result?: { content?: { text?: string }[] } };
  return result?.content?.[0]?.text ?? JSON.stringify(message);
}

test('a server of HTTP+SSE – answers behind Streamable HTTP, and gets the exchanged token with each message', async (context) => {
  const { server, issuer, gateway } = await start(context);
  const alice = await issuer.sign();
  const session = await open(gateway.mcpUrl, alice);
  assert.equal(session.response.status, 200);
  const response = await session.call('whoami');
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.match(textOf(await response.json()), /^Bearer ey/);
  assert.equal(server.seen[0]?.url, '/sse');
  assert.ok(server.seen.length >= 4);
  for (const { headers } of server.seen) {
    assert.match(headers.authorization ?? '', /^Bearer ey/);
    assert.notEqual(headers.authorization, `Bearer ${alice}`);
  }
  const seen = JSON.parse(textOf(await (await session.call('headers', 2)).json())) as object;
  assert.deepEqual(
    Object.keys(seen).filter((name) => name.startsWith('mcp-')),
    [],
  );
});

test('progress – on the stream of its call; a question to the client – too, and its answer reaches the server', async (context) => {
  const { issuer, gateway } = await start(context);
  const session = await open(gateway.mcpUrl, await issuer.sign());
  const messages = await allMessagesOf(await session.call('progress', 5));
  assert.deepEqual(
    messages.map((one) => one['method'] ?? one['id']),
    ['notifications/progress', 5],
  );
  const asked = messagesOf(await session.call('ask', 77));
  assert.equal((await asked.next()).value?.['method'], 'elicitation/create');
  assert.equal((await session.send({ id: 'asked', result: { action: 'accept' } })).status, 202);
  assert.match(textOf((await asked.next()).value), /accept/);
});

test('a session that is ended – its stream is closed, and the session is not known any more', async (context) => {
  const { server, issuer, gateway } = await start(context);
  const session = await open(gateway.mcpUrl, await issuer.sign());
  assert.equal(server.streams.size, 1);
  assert.equal((await session.end()).status, 204);
  await until(() => server.streams.size === 0);
  assert.equal((await session.call('whoami')).status, 404);
});

test('a stream that ends in mid-call – the call is answered with an error, the session is over', async (context) => {
  const { issuer, gateway } = await start(context);
  const session = await open(gateway.mcpUrl, await issuer.sign());
  const response = await session.call('end', 9);
  assert.equal(response.status, 502);
  assert.equal(((await response.json()) as { id: unknown }).id, 9);
  assert.equal((await session.call('whoami')).status, 404);
});

for (const endpoint of [
  'https://elsewhere.example.com/messages',
  '//127.0.0.2/messages',
  'http://[',
  'http://me@HOST/m',
]) {
  test(`an endpoint event that names ${endpoint} – 502, and nothing is sent there`, async (context) => {
    const { server, issuer, gateway } = await start(context, {
      endpoint: () => endpoint.replace('HOST', new URL(server.url).host),
    });
    const session = await open(gateway.mcpUrl, await issuer.sign());
    assert.equal(session.response.status, 502);
    assert.match((await gateway.records()).at(-1)?.hint ?? '', /its event names an endpoint/);
    assert.deepEqual(
      server.seen.map(({ method }) => method),
      ['GET'],
    );
    await until(() => server.streams.size === 0);
  });
}

test('a server that speaks something else – 502, and the hint names the setting', async (context) => {
  const { issuer, gateway } = await start(context, {
    onGet: (response) => {
      response.writeHead(405).end();
      return true;
    },
  });
  assert.equal((await open(gateway.mcpUrl, await issuer.sign())).response.status, 502);
  assert.match((await gateway.records()).at(-1)?.hint ?? '', /answered a GET with 405 .*--transport sse/);
});

test('a token that the server refuses – a new one is got, and the call is tried once more', async (context) => {
  const refused = new Set<string | undefined>();
  const { issuer, gateway } = await start(context, { mayCall: ({ headers }) => !refused.has(headers.authorization) });
  const session = await open(gateway.mcpUrl, await issuer.sign());
  const first = textOf(await (await session.call('whoami')).json());
  refused.add(first);
  const second = textOf(await (await session.call('whoami', 2)).json());
  assert.match(second, /^Bearer ey/);
  assert.notEqual(second, first);
});

test('a client of 2026-07-28 – is told to begin with initialize', async (context) => {
  const { issuer, gateway } = await start(context);
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const response = await post(
    gateway.mcpUrl,
    await issuer.sign(),
    { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } },
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
  );
  assert.equal(response.status, 400);
  assert.match(await response.text(), /"code":-32600/);
});

const clients = fileURLToPath(new URL('../clients/package.json', import.meta.url));
const skip = existsSync(new URL('../clients/node_modules', import.meta.url)) ? false : 'no test clients';

/** The parts of the older official SDK and of the client that are used here. */
interface Sdk {
  readonly SSEServerTransport: new (
    endpoint: string,
    response: unknown,
  ) => {
    readonly sessionId: string;
    handlePostMessage(request: unknown, response: unknown): Promise<void>;
  };
  readonly McpServer: new (info: object) => {
    registerTool(name: string, tool: object, run: () => object): void;
    connect(transport: unknown): Promise<void>;
  };
  readonly Client: new (info: object) => {
    connect(transport: unknown): Promise<void>;
    callTool(call: object): Promise<{ readonly content: readonly { readonly text?: string }[] }>;
    close(): Promise<void>;
  };
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => object;
}

test(
  'the official server of HTTP+SSE and the official client – work together through the gateway',
  { skip },
  async (context) => {
    const require = createRequire(clients);
    const sdk: Pick<Sdk, 'SSEServerTransport' | 'McpServer'> = {
      ...require('@modelcontextprotocol/sdk/server/sse.js'),
      ...require('@modelcontextprotocol/sdk/server/mcp.js'),
    };
    const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client') as Sdk;
    const transports = new Map<string, InstanceType<Sdk['SSEServerTransport']>>();
    const http = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
      if (request.method === 'POST')
        return void transports.get(searchParams.get('sessionId') ?? '')?.handlePostMessage(request, response);
      assert.equal(pathname, '/sse');
      const transport = new sdk.SSEServerTransport('/messages', response);
      transports.set(transport.sessionId, transport);
      const server = new sdk.McpServer({ name: 'old', version: '1' });
      server.registerTool('greet', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }));
      void server.connect(transport);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    context.after(() => {
      http.close();
      http.closeAllConnections();
    });
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/sse`;
    const gateway = await startTestGateway({
      sse: { authenticate: [{ strategy: 'anonymous' }], upstream: { strategy: 'http', transport: 'sse', url } },
    });
    context.after(() => gateway.close());
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(gateway.mcpUrl), {}));
    const { content } = await client.callTool({ name: 'greet', arguments: {} });
    assert.equal(content[0]?.text, 'hello');
    await client.close();
  },
);
