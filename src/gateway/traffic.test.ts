import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { toolCall } from '../../test/kit/call.ts';
import { sendJson, startHttpServer, type Respond } from '../../test/kit/start-http-server.ts';
import { startTestGateway } from '../../test/kit/start-test-gateway.ts';

async function startAnonymous(respond: Respond) {
  const upstream = await startHttpServer(respond);
  const gateway = await startTestGateway({
    apollo: { authenticate: [{ strategy: 'anonymous' }], upstream: { strategy: 'http', url: `${upstream.url}/mcp` } },
  });
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
