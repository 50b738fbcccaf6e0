import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { post, toolCall } from '../kit/call.ts';
import { sendJson, startHttpServer, type Respond } from '../kit/start-http-server.ts';
import { startOpenGateway } from '../kit/start-open-gateway.ts';

const startOpen = async (respond: Respond) => startOpenGateway(await startHttpServer(respond));

function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  response.flushHeaders();
}

test('an event stream – every byte unchanged, ids, retry, comments and empty data included', async () => {
  const text =
    'id: 0\nretry: 3000\ndata:\n\n: keep-alive\r\n\r\nevent: message\nid: 1\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n';
  await using all = await startOpen((_, response) => {
    startStream(response);
    response.end(text);
  });
  const response = await post(all.gateway.mcpUrl, undefined);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  assert.equal(response.headers.get('x-accel-buffering'), 'no');
  assert.equal(await response.text(), text);
});

test('an event stream – the head comes before the first event, each event when it is sent', async () => {
  let stream: ServerResponse | undefined;
  await using all = await startOpen((_, response) => {
    startStream(response);
    stream = response;
  });
  const response = await fetch(all.gateway.mcpUrl, { headers: { accept: 'text/event-stream' } });
  assert.equal(response.status, 200);
  const reader = response.body?.getReader();
  for (const event of ['data: one\n\n', 'data: two\n\n']) {
    stream?.write(event);
    const read = await reader?.read();
    assert.equal(new TextDecoder().decode(read?.value), event);
  }
  await reader?.cancel();
});

test('the caller goes away – the upstream request is cancelled and the audit says so', async () => {
  let isCancelled: Promise<unknown> = Promise.resolve('nothing came');
  await using all = await startOpen((_, response) => {
    startStream(response);
    isCancelled = once(response, 'close');
  });
  const abort = new AbortController();
  await fetch(all.gateway.mcpUrl, { headers: { accept: 'text/event-stream' }, signal: abort.signal });
  abort.abort();
  await Promise.race([isCancelled, sleep(2000).then(() => assert.fail('the upstream was not cancelled'))]);
  const [record] = await all.gateway.records();
  assert.equal(record?.decision, 'cancelled');
});

test('the caller goes away before the answer began – the upstream request is cancelled', async () => {
  const arrived = Promise.withResolvers<ServerResponse>();
  await using all = await startOpen((_request, response) => arrived.resolve(response));
  const abort = new AbortController();
  const call = fetch(all.gateway.mcpUrl, { headers: { accept: 'text/event-stream' }, signal: abort.signal });
  const upstreamClosed = once(await arrived.promise, 'close');
  abort.abort();
  await assert.rejects(call);
  await Promise.race([upstreamClosed, sleep(2000).then(() => assert.fail('the upstream was not cancelled'))]);
});

test('the upstream breaks off in the middle – the answer does not look complete', async () => {
  await using all = await startOpen((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"jsonrpc":"2.0",');
    setTimeout(() => response.destroy(), 20);
  });
  const response = await post(all.gateway.mcpUrl, undefined);
  await assert.rejects(response.text());
  const [record] = await all.gateway.records();
  assert.equal(record?.code, 'upstream_failed');
});

test('an upstream answer that is shorter than it said – the answer does not look complete', async () => {
  await using all = await startOpen((_, response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":1}');
  });
  const response = await post(all.gateway.mcpUrl, undefined);
  await assert.rejects(response.text());
});

test('a 64 MB answer to a slow reader – passes whole, and the gateway does not hold it', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  let sent = 0;
  await using all = await startOpen(async (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 64 * chunk.length });
    for (let index = 0; index < 64; index += 1) {
      sent += 1;
      if (!response.write(chunk)) await once(response, 'drain');
    }
    response.end();
  });
  const socket = connect(all.gateway.port, '127.0.0.1');
  const body = JSON.stringify(toolCall());
  socket.write(
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
  await sleep(500);
  // Kernel buffers on both legs take some megabytes; the rest has to wait at the upstream.
  assert.ok(sent < 32, `the upstream could send ${sent} MB to a reader that read nothing`);
  let received = 0;
  for await (const data of socket) received += (data as Buffer).length;
  assert.ok(received > 64 * chunk.length);
});

for (const length of [256, 8 * 1024, 8 * 1024 + 1]) {
  test(`an answer of ${length} bytes of every value – the same bytes`, async () => {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => index % 256));
    await using all = await startOpen((_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': length }).end(bytes);
    });
    const response = await post(all.gateway.mcpUrl, undefined);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
  });
}

test('202 for a notification – passed on without a body', async () => {
  await using all = await startOpen((_, response) => void response.writeHead(202).end());
  const response = await post(all.gateway.mcpUrl, undefined, { jsonrpc: '2.0', method: 'notifications/initialized' });
  assert.equal(response.status, 202);
  assert.equal(await response.text(), '');
});

test('the body – the original bytes, whatever their spacing and escapes', async () => {
  const body =
    '{ "jsonrpc" : "2.0",\n "id":1.0, "method":"tools/call", "params":{"name":"GetCountry","arguments":{"code":"\\u0043Z"}} }';
  await using all = await startOpen((_, response) => sendJson(response, 200, {}));
  await post(all.gateway.mcpUrl, undefined, body);
  assert.equal(all.upstream.seen[0]?.body, body);
});

test('a JSON-RPC error of the upstream with status 400 – passed on as it is', async () => {
  const error = {
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32_022, message: 'Unsupported protocol version', data: { supported: ['2025-11-25'] } },
  };
  await using all = await startOpen((_, response) => sendJson(response, 400, error));
  const response = await post(all.gateway.mcpUrl, undefined);
  assert.equal(response.status, 400);
  assert.deepEqual(await response.json(), error);
});

test('an upstream that answers 500 – passed on, and the operator is told which server to look at', async () => {
  await using all = await startOpen((_, response) =>
    sendJson(response, 500, { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'oops' } }),
  );
  assert.equal((await post(all.gateway.mcpUrl, undefined)).status, 500);
  assert.ok(
    all.gateway.logged.some(
      (line) => line.includes('error of its own') && line.includes(`${all.upstream.url}/mcp answered 500`),
    ),
  );
});
