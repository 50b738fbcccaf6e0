import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendJson, startHttpServer } from '../../test/kit/start-http-server.ts';
import { configSchema } from '../config/schema.ts';
import { Secret } from '../model/secret.ts';
import { skipWithoutRedis, startRedis } from '../../test/kit/start-redis.ts';
import { runDoctor } from './run-doctor.ts';

const result = { jsonrpc: '2.0', id: 1, result: { tools: [], content: [{ type: 'text', text: 'done' }] } };

test('doctor – a server that is called with a header of its own – what is about exchanges is left out', async () => {
  await using server = await startHttpServer((request, response) =>
    request.headers['x-api-key'] === 'the-key' ? sendJson(response, 200, result) : sendJson(response, 401, {}),
  );
  const config = configSchema.parse({
    servers: {
      one: {
        authenticate: [{ strategy: 'anonymous' }],
        credential: { strategy: 'static-header', header: 'x-api-key', value: new Secret('the-key') },
        upstream: { strategy: 'http', url: `${server.url}/mcp` },
      },
    },
  });
  const [report] = await runDoctor(config, { aids: { tool: { name: 'any', arguments: {} } } });
  assert.deepEqual(
    report?.checks.map(({ id, result: came }) => [id, came]),
    [
      ['audit-trail', 'pass'],
      ['policy', 'pass'],
      ['own-credential', 'pass'],
      ['server-answers', 'pass'],
      ['server-accepts', 'pass'],
      ['tool-call', 'pass'],
    ],
  );
  assert.ok(!JSON.stringify(report).includes('the-key'));
});

test('doctor – a server of before 2026-07-28, which wants to be initialized – accepts the token', async () => {
  const isInitialize = (body: string) => body.includes('"initialize"');
  await using server = await startHttpServer(({ body }, response) =>
    isInitialize(body) ? sendJson(response, 200, result) : sendJson(response, 400, { error: 'no session' }),
  );
  const config = configSchema.parse({
    servers: {
      one: { authenticate: [{ strategy: 'anonymous' }], upstream: { strategy: 'http', url: `${server.url}/mcp` } },
    },
  });
  const [report] = await runDoctor(config);
  assert.equal(report?.checks.find(({ id }) => id === 'server-accepts')?.result, 'pass');
});

async function checkState(url: string, password: string) {
  const config = configSchema.parse({
    state: { url, password: new Secret(password), key: new Secret('k'.repeat(40)) },
    servers: {
      one: { authenticate: [{ strategy: 'anonymous' }], upstream: { strategy: 'http', url: 'http://127.0.0.1:1/mcp' } },
    },
  });
  const [report] = await runDoctor(config);
  return report?.checks.find(({ id }) => id === 'shared-state');
}

test('doctor – a shared state where nobody listens – fails', async () => {
  const found = await checkState('redis://127.0.0.1:1', 'the-password');
  assert.equal(found?.cause, 'state-unavailable');
  assert.match(found.evidence, /connection refused/);
  assert.ok(!JSON.stringify(found).includes('the-password'));
});

test(
  'doctor – a shared state that is there – passes, and fails with another password',
  { skip: skipWithoutRedis },
  async () => {
    await using redis = await startRedis();
    assert.equal((await checkState(redis.url, redis.password))?.result, 'pass');
    const wrong = await checkState(redis.url, 'something-else');
    assert.equal(wrong?.result, 'fail');
    assert.match(wrong.evidence, /WRONGPASS|password/i);
  },
);
