import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { toolCall } from '../../test/kit/call.ts';
import { sendJson, startHttpServer, type Respond } from '../../test/kit/start-http-server.ts';
import { startTestGateway } from '../../test/kit/start-test-gateway.ts';

async function startAnonymous(respond: Respond, drainTimeoutSeconds = 10) {
  const upstream = await startHttpServer(respond);
  const gateway = await startTestGateway(
    {
      apollo: { authenticate: [{ strategy: 'anonymous' }], upstream: { strategy: 'http', url: `${upstream.url}/mcp` } },
    },
    { config: { listen: { port: 0, drainTimeoutSeconds } } },
  );
  return { upstream, gateway };
}

/** Posts over a connection that is kept alive; resolves when the answer ended, one way or the other. */
function postKeptAlive(url: string, agent: Agent): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().on('error', () => resolve('cut'));
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', () => resolve('cut'));
    sent.end(JSON.stringify(toolCall()));
  });
}

test('closing – while a call of a kept-alive connection runs – ends with its answer, not at the time limit', async () => {
  const agent = new Agent({ keepAlive: true });
  const { upstream, gateway } = await startAnonymous((_, response) => {
    setTimeout(() => sendJson(response, 200, {}), 300);
  });
  const answered = postKeptAlive(gateway.mcpUrl, agent);
  while (upstream.seen.length === 0) await sleep(5);
  const startedAtMs = Date.now();
  await gateway.close();
  assert.equal(await answered, 200);
  assert.ok(Date.now() - startedAtMs < 5_000, `took ${Date.now() - startedAtMs} ms`);
  agent.destroy();
  await upstream[Symbol.asyncDispose]();
});

test('cutting – while an answer streams – closing ends, on record as cancelled, the server behind is not blamed', async () => {
  const agent = new Agent({ keepAlive: true });
  const { upstream, gateway } = await startAnonymous((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n');
  });
  const answered = postKeptAlive(gateway.mcpUrl, agent);
  while (upstream.seen.length === 0) await sleep(5);
  await sleep(50);
  gateway.cut();
  assert.equal(await answered, 'cut');
  const [record] = await gateway.records();
  assert.equal(record?.decision, 'cancelled');
  assert.deepEqual(gateway.logged, []);
  agent.destroy();
  await gateway.close();
  await upstream[Symbol.asyncDispose]();
});

const streamed: Respond = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n');
};

test('closing – a stream that listens, and a call longer than the time limit – the one ends, the other is cut and does not look complete', async () => {
  const { upstream, gateway } = await startAnonymous(streamed, 0.5);
  const agent = new Agent({ keepAlive: true });
  const listens = await fetch(gateway.mcpUrl, { headers: { accept: 'text/event-stream' } });
  const runs = postKeptAlive(gateway.mcpUrl, agent);
  while (upstream.seen.length < 2) await sleep(5);
  const closed = gateway.close();
  assert.equal(await listens.text(), 'data: {}\n\n');
  assert.equal(await runs, 'cut');
  await closed;
  agent.destroy();
  await upstream[Symbol.asyncDispose]();
});

test('closing – asked for readiness on a connection there was already – 503 at once', async () => {
  const { upstream, gateway } = await startAnonymous(streamed, 5);
  const running = postKeptAlive(gateway.mcpUrl, new Agent({ keepAlive: true }));
  while (upstream.seen.length === 0) await sleep(5);
  const socket = connect(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  // The listener has it when it answers another one that came later.
  assert.equal((await fetch(`${gateway.url}/ready`, { headers: { connection: 'close' } })).status, 200);
  const closed = gateway.close();
  socket.write('GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  let text = '';
  for await (const piece of socket.setEncoding('utf8')) text += piece;
  assert.match(text, /^HTTP\/1.1 503 .*\{"status":"stopping"\}$/s);
  gateway.cut();
  await Promise.all([running, closed]);
  await upstream[Symbol.asyncDispose]();
});

test('closing – somebody connected and said nothing – not waited for', async () => {
  const { upstream, gateway } = await startAnonymous(streamed);
  const socket = connect(gateway.port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  const startedAtMs = performance.now();
  await gateway.close();
  assert.ok(performance.now() - startedAtMs < 8_000);
  await upstream[Symbol.asyncDispose]();
});
