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

async function checkState(
  url: string,
  password: string,
  { username, calls }: { username?: string; calls?: number } = {},
) {
  const config = configSchema.parse({
    state: { url, username, password: new Secret(password), key: new Secret('k'.repeat(40)) },
    servers: {
      one: {
        authenticate: [{ strategy: 'anonymous' }],
        upstream: { strategy: 'http', url: 'http://127.0.0.1:1/mcp' },
        rateLimit: { calls },
      },
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

test(
  'doctor – a user of the shared state who may not do all – is told what has to be allowed',
  { skip: skipWithoutRedis },
  async () => {
    await using redis = await startRedis();
    const allow = (username: string, commands: string) =>
      redis.command('ACL', 'SETUSER', username, 'on', '>p', '~usher:*', ...commands.split(' '));
    await allow('few', '+get +ping +select');
    await allow('some', '+get +set +del +ping +select');
    await allow('all', '+get +set +del +eval +pttl +ping +select');
    const few = await checkState(redis.url, 'p', { username: 'few' });
    assert.deepEqual([few?.result, few?.cause], ['fail', 'state-not-allowed']);
    assert.match(few?.evidence ?? '', /NOPERM/);
    assert.equal((await checkState(redis.url, 'p', { username: 'some' }))?.result, 'pass', 'nobody counts');
    const some = await checkState(redis.url, 'p', { username: 'some', calls: 5 });
    assert.deepEqual([some?.result, some?.cause], ['fail', 'state-not-allowed']);
    assert.match(some?.fix ?? '', /~usher:\* .*\+eval \+pttl/);
    assert.equal((await checkState(redis.url, 'p', { username: 'all', calls: 5 }))?.result, 'pass');
    assert.equal((await redis.command('DBSIZE')).trim(), ':0', 'nothing is left there');
  },
);
