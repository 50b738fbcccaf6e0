import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startOpenGateway } from '../kit/start-open-gateway.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';
import { until } from '../kit/until.ts';

const answer = { jsonrpc: '2.0', id: 1, result: {} };

test('a call too many – 429 with Retry-After, and for the client’s program the same in the error; on record, in the log', async () => {
  await using lab = await startTokenLab({
    server: (usual) => ({ ...usual, rateLimit: { calls: 2, windowSeconds: 3600 } }),
  });
  const token = lab.token();
  for (let call = 0; call < 2; call += 1) assert.equal((await post(lab.gateway.mcpUrl, token)).status, 200);
  const response = await post(lab.gateway.mcpUrl, token, toolCall('GetCountry', 7));
  assert.equal(response.status, 429);
  const seconds = Number(response.headers.get('retry-after'));
  assert.ok(seconds > 1790 && seconds <= 1800, String(seconds));
  const body = (await response.json()) as { id: number; error: { code: number; message: string; data: object } };
  const { id, retryAfterMs, ...data } = body.error.data as { id: string; retryAfterMs: number };
  assert.deepEqual([body.id, body.error.code, data], [7, 429, { code: 'rate_limited', retryable: true }]);
  assert.equal(Math.ceil(retryAfterMs / 1000), seconds);
  assert.match(
    body.error.message,
    /^Cannot take the call now: it is beyond 2 calls in 3600 s per user; try again in \d+ s$/,
  );
  const record = await lab.record(id);
  assert.deepEqual([record.decision, record.stage, record.status], ['refused', 'authorize', 429]);
  assert.equal(record.details?.['setting'], 'rateLimit');
  assert.match(record.hint ?? '', /counted for user "alice@example.com"/);
  assert.ok(lab.gateway.logged.some((line) => line.includes('rate_limited')));
  assert.equal(lab.upstream.seen.length, 2);
});

test('a limited user – after a while – goes on', async () => {
  await using lab = await startTokenLab({
    server: (usual) => ({ ...usual, rateLimit: { calls: 1, windowSeconds: 1 } }),
  });
  const status = async () => (await post(lab.gateway.mcpUrl, lab.token())).status;
  await until(async () => (await status()) === 429);
  await until(async () => (await status()) === 200);
});

test('a limited user – pings, cancels and ends sessions all the same', async () => {
  await using lab = await startTokenLab({
    server: (usual) => ({ ...usual, rateLimit: { calls: 1, windowSeconds: 3600 } }),
  });
  const token = lab.token();
  for (const status of [200, 429]) assert.equal((await post(lab.gateway.mcpUrl, token)).status, status);
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
  const reply = { jsonrpc: '2.0', id: 1, result: {} };
  for (const message of [ping, cancel, reply])
    assert.equal((await post(lab.gateway.mcpUrl, token, message)).status, 200);
  for (const method of ['GET', 'DELETE']) {
    const response = await fetch(lab.gateway.mcpUrl, { method, headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200, method);
  }
});

test('a call that a policy refuses – is not counted', async () => {
  await using lab = await startTokenLab({
    server: (usual) => ({ ...usual, rateLimit: { calls: 1, windowSeconds: 3600 } }),
  });
  const narrow = lab.token({ claims: { scp: [] } });
  for (let call = 0; call < 3; call += 1) assert.equal((await post(lab.gateway.mcpUrl, narrow)).status, 403);
  assert.equal((await post(lab.gateway.mcpUrl, lab.token())).status, 200);
});

test('a reload – keeps what was counted where the limit is the same, and begins anew where it is another', async () => {
  const rateLimit = { calls: 1, windowSeconds: 3600 };
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, answer));
  await using open = await startOpenGateway(upstream, { rateLimit });
  const { gateway } = open;
  const server = {
    authenticate: [{ strategy: 'anonymous' as const }],
    upstream: { strategy: 'http' as const, url: `${upstream.url}/mcp` },
  };
  const status = async () => (await post(gateway.mcpUrl, undefined)).status;
  assert.deepEqual([await status(), await status()], [200, 429]);
  assert.equal(
    await gateway.reload(() => gateway.configure({ open: { ...server, bodyLimitBytes: 2048, rateLimit } })),
    true,
  );
  assert.equal(await status(), 429);
  assert.equal(
    await gateway.reload(() => gateway.configure({ open: { ...server, rateLimit: { ...rateLimit, calls: 2 } } })),
    true,
  );
  assert.deepEqual([await status(), await status(), await status()], [200, 200, 429]);
});
