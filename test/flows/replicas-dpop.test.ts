import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '../../src/model/secret.ts';
import { bindTokens } from '../kit/bind-tokens.ts';
import { post, toolCall } from '../kit/call.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { skipWithoutRedis, startRedis } from '../kit/start-redis.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';

const resourceUrl = 'http://localhost:8000/mcp';

/** Two gateways that are known by one URL, with one Redis; their exchange with these settings beside the usual ones.
 * @param ages how old, in seconds, each of them takes a proof; as usual when absent
 */
async function startReplicas(more: Record<string, unknown> = {}, ages: readonly number[] = []) {
  await using started = new AsyncDisposableStack();
  const redis = started.use(await startRedis());
  const issuer = started.use(await startIssuer());
  bindTokens(issuer);
  const upstream = started.use(
    await startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} })),
  );
  const usual = exchangingServer(issuer, upstream, { resourceUrl });
  const credential = { ...usual.credential, dpop: true, ...more } as typeof usual.credential;
  const config = {
    state: { url: redis.url, password: new Secret(redis.password), key: new Secret('k'.repeat(32)) },
  };
  const authenticate = usual.authenticate.map((one) => ({ ...one, clockSkewSeconds: 0 }));
  const start = async (maxAgeSeconds: number | undefined) => {
    const aged = maxAgeSeconds === undefined ? {} : { dpop: { maxAgeSeconds }, authenticate };
    const apollo = { ...usual, credential, ...aged } as typeof usual;
    return started.use(await startTestGateway({ apollo }, { config, stateCommandMs: 5_000 }));
  };
  const [a, b] = [await start(ages[0]), await start(ages[1])];
  const resources = started.move();
  return { redis, issuer, upstream, a, b, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

describe('two replicas with a Redis server, and proofs', { skip: skipWithoutRedis }, () => {
  test('a proof that was used at one – is refused at the other; while Redis is gone, each knows its own', async () => {
    await using all = await startReplicas();
    const client = makeDpopClient();
    const request = { url: resourceUrl, token: await all.issuer.sign({ cnf: client.cnf }) };
    const send = async (one: typeof all.a, headers: Record<string, string>) =>
      (await post(one.mcpUrl, undefined, toolCall(), headers)).status;
    const headers = client.headers(request);
    assert.equal(await send(all.a, headers), 200);
    assert.equal(await send(all.b, headers), 401);
    assert.equal(await send(all.b, client.headers(request)), 200);
    await all.redis.kill();
    const another = client.headers(request);
    assert.equal(await send(all.a, another), 200);
    assert.equal(await send(all.a, another), 401);
  });

  test('one takes older proofs than the other, as while both are set anew – what was used at that one is used here, too', async () => {
    await using all = await startReplicas({}, [5, 60]);
    const client = makeDpopClient();
    const request = { url: resourceUrl, token: await all.issuer.sign({ cnf: client.cnf }) };
    const send = async (one: typeof all.a, headers: Record<string, string>) =>
      (await post(one.mcpUrl, undefined, toolCall(), headers)).status;
    assert.equal(await send(all.b, client.headers(request)), 200);
    const [used, unused] = [client.headers(request), client.headers(request)];
    assert.equal(await send(all.a, used), 200);
    await sleep(6_500);
    assert.equal(await send(all.a, unused), 401, 'it is too old there');
    assert.equal(await send(all.b, used), 401);
    assert.equal(await send(all.b, unused), 200);
  });

  test('tokens bound to a key of each replica – are not shared: nobody could prove another one’s', async () => {
    await using all = await startReplicas();
    const callerToken = await all.issuer.sign();
    for (const one of [all.a, all.b]) assert.equal((await post(one.mcpUrl, callerToken)).status, 200);
    assert.equal(all.issuer.count('/oauth2/as1/v1/token'), 2);
  });

  test('tokens bound to one key that both have – are shared, each call with a proof', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'usher-test-'));
    const dpopKeyFile = join(folder, 'key.pem');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(dpopKeyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    try {
      await using all = await startReplicas({ dpopKeyFile });
      const callerToken = await all.issuer.sign();
      for (const one of [all.a, all.b]) assert.equal((await post(one.mcpUrl, callerToken)).status, 200);
      assert.equal(all.issuer.count('/oauth2/as1/v1/token'), 1);
      const [first, second] = all.upstream.seen;
      assert.equal(first?.headers['authorization'], second?.headers['authorization']);
      assert.ok(first?.headers['dpop'] !== undefined && second?.headers['dpop'] !== undefined);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
