import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { skipWithoutRedis, startRedis } from '../kit/start-redis.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';

/** What providers mean by "never": the greatest number of Java, and one that is not finite in milliseconds. */
const lives: readonly (readonly [string, number])[] = [
  ['2⁶³ seconds', 2 ** 63],
  ['1e306 seconds', 1e306],
];

describe('a token of the gateway that never ends', () => {
  for (const [name, expiresIn] of lives) {
    test(`${name} – is kept for a day, and then asked for anew`, async () => {
      const clock = { aheadMs: 0 };
      await using provider = await startProvider(expiresIn);
      await using upstream = await startHttpServer((_, response) => sendJson(response, 200, answer));
      const now = () => Date.now() + clock.aheadMs;
      await using gateway = await startTestGateway(servers(provider.url, upstream.url), { now });
      const call = async () => assert.equal((await post(gateway.mcpUrl, undefined)).status, 200);
      await call();
      clock.aheadMs = 10 * 3_600_000;
      await call();
      assert.equal(provider.seen.length, 1);
      clock.aheadMs = 25 * 3_600_000;
      await call();
      assert.equal(provider.seen.length, 2);
    });

    test(`${name} – is shared by replicas, and their state goes on`, { skip: skipWithoutRedis }, async () => {
      await using redis = await startRedis();
      const state = { url: redis.url, password: new Secret(redis.password), key: new Secret('k'.repeat(32)) };
      await using provider = await startProvider(expiresIn);
      await using upstream = await startHttpServer((_, response) => sendJson(response, 200, answer));
      const options = { config: { state }, stateCommandMs: 5_000 };
      await using a = await startTestGateway(servers(provider.url, upstream.url), options);
      await using b = await startTestGateway(servers(provider.url, upstream.url), options);
      for (const one of [a, b]) assert.equal((await post(one.mcpUrl, undefined)).status, 200);
      assert.equal(provider.seen.length, 1);
      assert.doesNotMatch([...a.logged, ...b.logged].join('\n'), /Cannot use the shared state/);
    });
  }
});

const answer = { jsonrpc: '2.0', id: 1, result: {} };

function startProvider(expiresIn: number) {
  return startHttpServer((_, response) =>
    sendJson(response, 200, { access_token: 'opaque-token', token_type: 'Bearer', expires_in: expiresIn }),
  );
}

function servers(provider: string, upstream: string) {
  return {
    apollo: {
      authenticate: [{ strategy: 'anonymous' as const }],
      credential: {
        strategy: 'client-credentials' as const,
        url: `${provider}/token`,
        clientId: 'gateway',
        clientSecret: new Secret('gateway-secret'),
      },
      upstream: { strategy: 'http' as const, url: `${upstream}/mcp` },
    },
  };
}
