import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post, toolCall } from '../kit/call.ts';
import { makeFolder, writeText } from '../kit/config-input.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { makeAuthority, writePair } from '../kit/make-certificate.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { skipWithoutRedis, startRedis } from '../kit/start-redis.ts';
import { answer, startReplicas, status, type Replicas } from '../kit/start-replicas.ts';
import { exchangingServer, startTestGateway, type TestGateway } from '../kit/start-test-gateway.ts';
import { until } from '../kit/until.ts';

const tokenPath = '/oauth2/as1/v1/token';

const sentTokens = ({ upstream }: Replicas) => upstream.seen.map(({ headers }) => headers.authorization);

describe('two replicas with a Redis server', { skip: skipWithoutRedis }, () => {
  test('a call at each with one token – one exchange, the same exchanged token', async () => {
    await using all = await startReplicas();
    const callerToken = await all.issuer.sign();
    assert.deepEqual([await status(all.a, callerToken), await status(all.b, callerToken)], [200, 200]);
    assert.equal(all.issuer.count(tokenPath), 1);
    assert.equal(new Set(sentTokens(all)).size, 1);
    const sources = [await all.a.records(), await all.b.records()].map(([record]) => record?.exchanged?.source);
    assert.deepEqual(sources, ['fresh', 'cached']);
    const [record] = await all.b.records();
    assert.equal(record?.exchanged?.aud, 'backend', 'the claims came along');
  });

  test('a token in which others act for the user – is on record the same at both', async () => {
    await using all = await startReplicas();
    const usual = all.issuer.onToken;
    all.issuer.onToken = (request, response) => {
      const end = response.end.bind(response);
      // The same answer, with a token that says more.
      response.end = ((text: string) => {
        void all.issuer
          .sign({
            aud: 'backend',
            scp: ['backend-api:read'],
            oid: 'alice-everywhere',
            act: { sub: 'gateway', act: { sub: 'agent' } },
          })
          .then((token) => end(JSON.stringify({ ...(JSON.parse(text) as object), access_token: token })));
      }) as typeof response.end;
      return usual(request, response);
    };
    const callerToken = await all.issuer.sign();
    assert.deepEqual([await status(all.a, callerToken), await status(all.b, callerToken)], [200, 200]);
    const shown = [await all.a.records(), await all.b.records()].map(([record]) => record?.exchanged);
    assert.deepEqual(
      shown.map((one) => [one?.source, one?.oid, one?.act]),
      [
        ['fresh', 'alice-everywhere', ['gateway', 'agent']],
        ['cached', 'alice-everywhere', ['gateway', 'agent']],
      ],
    );
  });

  test('calls at both at the same moment – one exchange for each user, none mixed up', async () => {
    await using all = await startReplicas();
    const usual = all.issuer.onToken;
    all.issuer.onToken = async (request, response) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return usual(request, response);
    };
    const users = await Promise.all(Array.from({ length: 10 }, (_, user) => all.issuer.sign({ sub: `user-${user}` })));
    const calls = users.flatMap((callerToken) => [all.a, all.b, all.a, all.b].map((one) => status(one, callerToken)));
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([200]));
    assert.equal(all.issuer.count(tokenPath), 10);
    for (const record of [...(await all.a.records()), ...(await all.b.records())])
      assert.equal(record.exchanged?.sub, record.who.sub);
  });

  test('a warm call – asks nobody but the server behind, not even Redis', async () => {
    await using all = await startReplicas();
    const callerToken = await all.issuer.sign();
    await status(all.a, callerToken);
    const before = await all.redis.command('INFO', 'commandstats');
    for (let call = 0; call < 5; call += 1) await status(all.a, callerToken);
    const calls = (text: string) => /cmdstat_get:calls=(\d+)/.exec(text)?.[1];
    assert.equal(calls(await all.redis.command('INFO', 'commandstats')), calls(before));
  });

  test('a nonce that one gave out – is taken by the other', async () => {
    const withNonces = (server: ReturnType<typeof exchangingServer>) => ({ ...server, dpop: { nonces: true } });
    await using all = await startReplicas(undefined, withNonces, { changeA: withNonces });
    const client = makeDpopClient();
    const callerToken = await all.issuer.sign({ cnf: client.cnf });
    const call = async (one: TestGateway, nonce?: string) => {
      const claims = nonce === undefined ? {} : { nonce };
      const headers = client.headers({ url: 'http://localhost/mcp', token: callerToken }, { claims });
      const response = await post(one.mcpUrl, undefined, toolCall(), headers);
      await response.text();
      return { status: response.status, nonce: response.headers.get('dpop-nonce') ?? '' };
    };
    const { status: first, nonce } = await call(all.a);
    assert.equal(first, 401);
    assert.equal((await call(all.b, nonce)).status, 200);
    assert.equal((await call(all.b, 'made-up')).status, 401);
  });

  test('what is kept there – holds neither tokens nor names; changed, or put elsewhere, it is not used', async () => {
    let sessions = 0;
    await using all = await startReplicas((_, response) =>
      sendJson(response, 200, answer, { 'mcp-session-id': `session-${(sessions += 1)}` }),
    );
    const callers = [await all.issuer.sign(), await all.issuer.sign({ sub: 'bob@example.com' })];
    await status(all.a, callers[0] ?? '');
    const keysOf = async () => (await all.redis.command('KEYS', '*')).match(/usher:[\w-]+/g) ?? [];
    const tokenKey = async (known: readonly string[]) => {
      for (const key of await keysOf())
        if (!known.includes(key) && (await all.redis.command('GET', key)).length > 600) return key;
      throw new Error('no token is kept');
    };
    const ofAlice = await tokenKey([]);
    let everything = '';
    for (const key of await keysOf()) everything += `${key}\n${await all.redis.command('GET', key)}\n`;
    const plain = Buffer.from(everything.replaceAll(/[^A-Za-z0-9+/]/g, ''), 'base64').toString('latin1') + everything;
    for (const secret of [
      'alice',
      'example.com',
      'backend',
      'session',
      // Long enough not to stand in what is encrypted by chance.
      callers[0]?.slice(0, 20) ?? '',
      sentTokens(all)[0]?.slice(7, 40) ?? '',
    ]) {
      assert.ok(!plain.includes(secret), secret);
    }

    // Alice's token under the key of Bob's: a thief with write access to Redis.
    await status(all.a, callers[1] ?? '');
    const ofBob = await tokenKey([ofAlice]);
    const value = (text: string) => text.split('\r\n')[1] ?? '';
    await all.redis.command('SET', ofBob, value(await all.redis.command('GET', ofAlice)));
    assert.equal(await status(all.b, callers[1] ?? ''), 200);
    const [record] = await all.b.records();
    assert.equal(record?.exchanged?.sub, 'bob@example.com');
    assert.equal(record?.exchanged?.source, 'fresh');
    assert.ok(all.b.logged.some((line) => line.includes('A value in the shared state cannot be trusted')));
  });

  test('a token the server behind refuses – is replaced once for both', async () => {
    const refused = new Set<string | undefined>();
    await using all = await startReplicas((request, response) => {
      if (refused.has(request.headers.authorization)) response.writeHead(401).end();
      else sendJson(response, 200, answer);
    });
    const callerToken = await all.issuer.sign();
    assert.deepEqual([await status(all.a, callerToken), await status(all.b, callerToken)], [200, 200]);
    refused.add(sentTokens(all)[0]);
    assert.deepEqual([await status(all.a, callerToken), await status(all.b, callerToken)], [200, 200]);
    assert.equal(all.issuer.count(tokenPath), 2);
  });

  test('a token that nears its end – one replica asks for the next one ahead, the other finds it', async () => {
    let nowMs = Date.now();
    await using all = await startReplicas(undefined, undefined, { now: () => nowMs });
    const callerToken = await all.issuer.sign();
    // Whichever ends first; the caller's own lasts an hour.
    const usual = all.issuer.onToken;
    all.issuer.onToken = async (_, response) => {
      const exp = Math.floor(nowMs / 1000) + 600;
      const token = await all.issuer.sign({ aud: 'backend', cid: '0oaGateway', scp: ['backend-api:read'], exp });
      const type = 'urn:ietf:params:oauth:token-type:access_token';
      sendJson(response, 200, { access_token: token, issued_token_type: type, token_type: 'Bearer', expires_in: 600 });
    };
    assert.deepEqual([await status(all.a, callerToken), await status(all.b, callerToken)], [200, 200]);
    nowMs += 500_000;
    assert.deepEqual([await status(all.a, callerToken), await status(all.b, callerToken)], [200, 200]);
    const latest = () => new Set(sentTokens(all).slice(-2));
    await until(async () => {
      await Promise.all([status(all.a, callerToken), status(all.b, callerToken)]);
      return latest().size === 1 && !latest().has(sentTokens(all)[0]);
    });
    assert.equal(all.issuer.count(tokenPath), 2);
    all.issuer.onToken = usual;
  });

  test('a replica that gets no answer from the provider – keeps the other waiting for seconds, not for good', async () => {
    await using all = await startReplicas();
    const usual = all.issuer.onToken;
    all.issuer.onToken = () => {
      all.issuer.onToken = usual;
    };
    const callerToken = await all.issuer.sign();
    const stuck = status(all.a, callerToken);
    await until(() => all.issuer.count(tokenPath) === 1);
    assert.equal(await status(all.b, callerToken), 200);
    assert.equal(all.issuer.count(tokenPath), 2);
    assert.equal(await stuck, 503);
  });

  test('an exchange that is refused – is not waited for: each replica says so', async () => {
    await using all = await startReplicas();
    all.issuer.onToken = (_, response) => sendJson(response, 400, { error: 'invalid_grant' });
    const callerToken = await all.issuer.sign();
    const statuses = await Promise.all([all.a, all.b].map((one) => status(one, callerToken)));
    assert.deepEqual(statuses, [401, 401]);
    assert.equal(all.issuer.count(tokenPath), 2);
  });

  test('replicas that are configured differently – share nothing', async () => {
    await using all = await startReplicas(undefined, (server) => {
      const { credential } = server;
      assert.ok(credential?.strategy === 'token-exchange');
      return { ...server, credential: { ...credential, scopes: ['backend-api:write'] } };
    });
    const callerToken = await all.issuer.sign();
    assert.deepEqual([await status(all.a, callerToken), await status(all.b, callerToken)], [200, 200]);
    assert.equal(all.issuer.count(tokenPath), 2);
    assert.equal((await all.b.records())[0]?.exchanged?.scp?.[0], 'backend-api:write');
  });

  test('Redis killed under load – nothing refused, said once; started again – used again', async () => {
    await using all = await startReplicas();
    const statuses: number[] = [];
    const over = new AbortController();
    const load = Array.from({ length: 4 }, async (_, worker) => {
      for (let call = 0; !over.signal.aborted; call += 1) {
        const callerToken = await all.issuer.sign({ sub: `user-${worker}-${call}` });
        statuses.push(await status(worker % 2 === 0 ? all.a : all.b, callerToken));
      }
    });
    await until(() => statuses.length > 20);
    await all.redis.kill();
    const atKill = statuses.length;
    await until(() => statuses.length > atKill + 40);
    await all.redis.start();
    const said = (text: string) =>
      [all.a, all.b].map(({ logged }) => logged.filter((one) => one.includes(text)).length);
    await until(() => said('The shared state').every((count) => count === 1));
    over.abort();
    await Promise.all(load);
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.deepEqual(said('Cannot use the shared state'), [1, 1]);

    const before = all.issuer.count(tokenPath);
    const callerToken = await all.issuer.sign();
    assert.deepEqual([await status(all.a, callerToken), await status(all.b, callerToken)], [200, 200]);
    assert.equal(all.issuer.count(tokenPath), before + 1);
  });

  test('Redis that hangs – a call waits a moment for it, the next ones do not', async () => {
    await using all = await startReplicas(undefined, undefined, { stateCommandMs: 250 });
    await status(all.a, await all.issuer.sign());
    all.redis.signal('SIGSTOP');
    try {
      for (let call = 0; call < 5; call += 1) assert.equal(await status(all.a, await all.issuer.sign()), 200);
      assert.equal(all.a.logged.filter((line) => /Cannot use the shared state.*no answer within/.test(line)).length, 1);
      assert.equal(all.issuer.count(tokenPath), 6);
    } finally {
      all.redis.signal('SIGCONT');
    }
  });

  test('a wrong password, or nobody there at the start – the gateway starts, and calls go on', async () => {
    await using all = await startReplicas();
    for (const state of [
      { url: all.redis.url, password: new Secret('wrong-password'), key: new Secret('k'.repeat(32)) },
      { url: 'redis://127.0.0.1:1', key: new Secret('k'.repeat(32)) },
    ]) {
      await using alone = await startTestGateway(
        { apollo: exchangingServer(all.issuer, all.upstream) },
        { config: { state } },
      );
      assert.equal(await status(alone, await all.issuer.sign()), 200);
      assert.equal(alone.logged.filter((line) => line.includes('Cannot use the shared state')).length, 1);
      assert.doesNotMatch(alone.logged.join('\n'), /wrong-password/);
    }
  });

  test('over TLS – used where the authority is trusted; with any other nothing is sent, and calls go on', async (context) => {
    const authority = await makeAuthority();
    const folder = makeFolder(context);
    await using redis = await startRedis({ ...writePair(folder, await authority.issue()), ca: authority.ca });
    await using issuer = await startIssuer();
    await using upstream = await startHttpServer((_, response) => sendJson(response, 200, answer));
    const state = { url: redis.url, password: new Secret(redis.password), key: new Secret('k'.repeat(32)) };
    const start = (ca?: string) =>
      startTestGateway(
        { apollo: exchangingServer(issuer, upstream) },
        {
          config: { state, ...(ca === undefined ? {} : { caFile: writeText(context, 'ca.pem', ca) }) },
          stateCommandMs: 5_000,
        },
      );
    await using a = await start(authority.ca);
    await using b = await start(authority.ca);
    await using stranger = await start();
    const callerToken = await issuer.sign();
    for (const one of [a, b]) assert.equal(await status(one, callerToken), 200);
    assert.equal(issuer.count(tokenPath), 1);
    assert.deepEqual(
      [a, b].flatMap(({ logged }) => logged.filter((line) => line.includes('shared state'))),
      [],
    );
    assert.equal(await status(stranger, callerToken), 200);
    assert.equal(issuer.count(tokenPath), 2);
    assert.match(stranger.logged.join('\n'), /Cannot use the shared state.*signed by an unknown authority/);
  });

  test('a user who may do no more than the guide says – is enough', async () => {
    await using all = await startReplicas();
    const rights = ['on', '>password-of-usher', '~usher:*', '+get', '+set', '+del', '+ping', '+select'];
    assert.equal(await all.redis.command('ACL', 'SETUSER', 'usher', ...rights), '+OK');
    const state = { url: `${all.redis.url}/0`, username: 'usher', password: new Secret('password-of-usher') };
    await using limited = await startTestGateway(
      { apollo: exchangingServer(all.issuer, all.upstream) },
      { config: { state: { ...state, key: new Secret('k'.repeat(32)) } }, stateCommandMs: 5_000 },
    );
    const callerToken = await all.issuer.sign();
    assert.deepEqual([await status(all.a, callerToken), await status(limited, callerToken)], [200, 200]);
    assert.equal(all.issuer.count(tokenPath), 1);
    assert.deepEqual(
      limited.logged.filter((line) => line.includes('shared state')),
      [],
    );
  });
});
