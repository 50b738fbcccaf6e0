import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { skipWithoutRedis } from '../kit/start-redis.ts';
import { answer, startReplicas, status } from '../kit/start-replicas.ts';
import { until } from '../kit/until.ts';

describe('sessions and tasks at two replicas with a Redis server', { skip: skipWithoutRedis }, () => {
  test('a session started at one – goes on at the other for its user, and for nobody else', async () => {
    await using all = await startReplicas((_, response) =>
      sendJson(response, 200, answer, { 'mcp-session-id': 'session-of-alice' }),
    );
    const [alice, mallory] = [await all.issuer.sign(), await all.issuer.sign({ sub: 'mallory@example.com' })];
    assert.equal(await status(all.a, alice), 200);
    const session = { 'mcp-session-id': 'session-of-alice' };
    assert.equal(await status(all.b, mallory, session), 404);
    assert.equal(await status(all.b, alice, session), 200);
    assert.equal(await status(all.b, alice, { 'mcp-session-id': 'made-up' }), 404);
  });

  test('a session or task that is being started – is the client’s once the store has it, and not before', async () => {
    let given = '';
    await using all = await startReplicas((request, response) => {
      if (request.body.includes('initialize')) return sendJson(response, 200, answer, { 'mcp-session-id': given });
      const task = { taskId: given, status: 'working' };
      const result = request.body.includes('tools/call') ? { task } : task;
      sendJson(response, 200, { jsonrpc: '2.0', id: 1, result });
    });
    const alice = await all.issuer.sign();
    for (const one of [all.a, all.b]) assert.equal(await status(one, alice), 200);
    const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} };
    const call = { ...toolCall(), params: { name: 'GetCountry', arguments: {}, task: { ttl: 60_000 } } };
    const ask = () => ({ jsonrpc: '2.0', id: 2, method: 'tasks/get', params: { taskId: given } });
    for (const [kind, message, use] of [
      ['session', initialize, () => status(all.b, alice, { 'mcp-session-id': given })],
      ['task', call, async () => (await post(all.b.mcpUrl, alice, ask())).text()],
    ] as const) {
      given = `slow-${kind}`;
      const seen = all.upstream.seen.length;
      all.redis.signal('SIGSTOP');
      const answered = status(all.a, alice, {}, message);
      let early;
      try {
        await until(() => all.upstream.seen.length > seen);
        early = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 150))]);
      } finally {
        all.redis.signal('SIGCONT');
      }
      assert.equal(early, undefined, 'answered before the store had it');
      assert.equal(await answered, 200);
      assert.doesNotMatch(String(await use()), /404|Unknown task/);
    }
    for (let session = 0; session < 30; session += 1) {
      given = `session-${session}`;
      assert.equal(await status(all.a, alice, {}, initialize), 200);
      assert.equal(await status(all.b, alice, { 'mcp-session-id': given }), 200, given);
    }
  });

  test('a session that is started while Redis hangs – is given out after a moment, with a warning', async () => {
    const given = { 'mcp-session-id': 'session-of-alice' };
    await using all = await startReplicas(
      (request, response) =>
        sendJson(response, 200, answer, request.body.includes('initialize') ? given : { 'x-other': '1' }),
      undefined,
      { stateCommandMs: 250 },
    );
    const alice = await all.issuer.sign();
    await status(all.a, alice);
    all.redis.signal('SIGSTOP');
    try {
      const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} };
      assert.equal(await status(all.a, alice, {}, initialize), 200);
      assert.match(all.a.logged.join('\n'), /Cannot use the shared state.*no answer within/);
      assert.equal(await status(all.a, alice, given), 200);
    } finally {
      all.redis.signal('SIGCONT');
    }
  });

  test('a server that gives a session out again through the other replica – it stays its first user’s', async () => {
    await using all = await startReplicas((_, response) =>
      sendJson(response, 200, answer, { 'mcp-session-id': 'session-of-alice' }),
    );
    const [alice, mallory] = [await all.issuer.sign(), await all.issuer.sign({ sub: 'mallory@example.com' })];
    const session = { 'mcp-session-id': 'session-of-alice' };
    assert.equal(await status(all.a, alice), 200);
    assert.equal(await status(all.b, mallory), 502);
    assert.equal(await status(all.b, mallory, session), 404);
    assert.equal(await status(all.b, alice, session), 200);
  });

  test('a task started at one – is its user’s at the other, too', async () => {
    await using all = await startReplicas((request, response) =>
      sendJson(
        response,
        200,
        request.body.includes('tools/call')
          ? { jsonrpc: '2.0', id: 1, result: { task: { taskId: 'task-of-alice', status: 'working' } } }
          : { jsonrpc: '2.0', id: 2, result: { taskId: 'task-of-alice', status: 'working' } },
      ),
    );
    const [alice, mallory] = [await all.issuer.sign(), await all.issuer.sign({ sub: 'mallory@example.com' })];
    const start = { ...toolCall(), params: { name: 'GetCountry', arguments: {}, task: { ttl: 60_000 } } };
    assert.equal(await status(all.a, alice, {}, start), 200);
    const ask = { jsonrpc: '2.0', id: 2, method: 'tasks/get', params: { taskId: 'task-of-alice' } };
    const asked = async (callerToken: string) => (await post(all.b.mcpUrl, callerToken, ask)).text();
    assert.match(await asked(alice), /"status":"working"/);
    assert.match(await asked(mallory), /Unknown task/);
  });
});
