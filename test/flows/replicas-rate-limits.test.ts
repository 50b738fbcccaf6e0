import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { toolCall } from '../kit/call.ts';
import { skipWithoutRedis } from '../kit/start-redis.ts';
import { startReplicas, status, type Replicas } from '../kit/start-replicas.ts';
import { exchangingServer, startTestGateway, type TestGateway } from '../kit/start-test-gateway.ts';
import { until } from '../kit/until.ts';

const burst = 40;
/** Of one bucket, before a replica has heard of the others: a tenth. */
const ahead = 4;
/** In so long a window next to nothing comes back while a test runs. */
const rateLimit = { calls: burst, windowSeconds: 86_400 };

const limited = (server: ReturnType<typeof exchangingServer>) => ({ ...server, rateLimit });
const startLimited = (options: { readonly stateCommandMs?: number } = {}) =>
  startReplicas(undefined, limited, { changeA: limited, ...options });

/** Calls one after the other, until one is refused. */
async function drain(gateway: TestGateway, callerToken: string): Promise<number> {
  for (let calls = 0; ; calls += 1) {
    const answered = await status(gateway, callerToken);
    if (answered === 429) return calls;
    assert.equal(answered, 200);
  }
}

/** A further replica that is a user of Redis with these rights. */
async function startAs({ redis, issuer, upstream }: Replicas, rights: string): Promise<TestGateway> {
  const rules = `on >password-of-usher ~usher:* ${rights}`.split(' ');
  assert.equal(await redis.command('ACL', 'SETUSER', 'usher', ...rules), '+OK');
  const state = { url: redis.url, username: 'usher', password: new Secret('password-of-usher') };
  return startTestGateway(
    { apollo: limited(exchangingServer(issuer, upstream, { resourceUrl: 'http://localhost/mcp' })) },
    { config: { state: { ...state, key: new Secret('k'.repeat(32)) } }, stateCommandMs: 5_000 },
  );
}

const counted = async ({ redis }: Replicas) =>
  Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.command('INFO', 'commandstats'))?.[1] ?? 0);

describe('rate limits of replicas with a Redis server', { skip: skipWithoutRedis }, () => {
  test('four replicas, many calls at each at once – the limit, and no more than a tenth of it for each further one', async () => {
    await using all = await startLimited();
    const gateways = [all.a, all.b, await all.startAnother(), await all.startAnother()];
    const [alice, bob] = [await all.issuer.sign(), await all.issuer.sign({ sub: 'bob@example.com' })];
    const flood = gateways.flatMap((one) => Array.from({ length: burst + 10 }, () => status(one, alice)));
    const statuses = await Promise.all(flood);
    assert.deepEqual(new Set(statuses), new Set([200, 429]));
    const passed = statuses.filter((one) => one === 200).length;
    assert.ok(passed >= burst && passed <= burst + 3 * ahead, `${passed} of ${burst}`);
    assert.equal(all.upstream.seen.length, passed);
    await until(async () => (await Promise.all(gateways.map((one) => status(one, alice)))).every((one) => one === 429));
    assert.equal(await status(all.b, bob), 200);
  });

  test('what is used up at one – is used up at the other, for the same user with another client as well', async () => {
    await using all = await startLimited();
    assert.equal(await drain(all.a, await all.issuer.sign()), burst);
    const other = await all.issuer.sign({ cid: '0oaOther' });
    assert.ok((await drain(all.b, other)) <= ahead);
  });

  test('warm calls – are counted without asking Redis for each', async () => {
    await using all = await startLimited();
    const alice = await all.issuer.sign();
    await status(all.a, alice);
    const before = await counted(all);
    for (let call = 0; call < 20; call += 1) await status(all.a, alice);
    assert.ok((await counted(all)) - before <= 15);
  });

  test('a call that is refused – asks nobody', async () => {
    await using all = await startLimited();
    const alice = await all.issuer.sign();
    await drain(all.a, alice);
    await until(async () => {
      const before = await counted(all);
      for (let call = 0; call < 5; call += 1) assert.equal(await status(all.a, alice), 429);
      return (await counted(all)) === before;
    });
  });

  test('Redis is killed – nobody is refused for it, each has its own limit; it is back – they have one again', async () => {
    await using all = await startLimited();
    const alice = await all.issuer.sign();
    for (const one of [all.a, all.b]) assert.equal(await status(one, alice), 200);
    await all.redis.kill();
    const alone = [await drain(all.a, alice), await drain(all.b, alice)];
    for (const calls of alone) assert.ok(calls >= burst - 2 && calls <= burst - 1, String(calls));
    const hints = all.a.logged.filter((line) => line.includes('Cannot use the shared state'));
    assert.equal(hints.length, 1);
    assert.match(hints[0] ?? '', /rate limits hold at each replica by itself/);
    await all.redis.start();
    await until(async () => (await counted(all)) >= 2);
    assert.ok((await drain(await all.startAnother(), alice)) <= ahead);
  });

  test('Redis hangs – calls go on, and wait for it once at the most', async () => {
    await using all = await startLimited({ stateCommandMs: 250 });
    const alice = await all.issuer.sign();
    await status(all.a, alice);
    all.redis.signal('SIGSTOP');
    try {
      assert.equal(await drain(all.a, alice), burst - 1);
      assert.equal(all.a.logged.filter((line) => line.includes('Cannot use the shared state')).length, 1);
    } finally {
      all.redis.signal('SIGCONT');
    }
  });

  test('what is kept there – tells nobody’s name, and ends by itself', async () => {
    await using all = await startLimited();
    await status(all.a, await all.issuer.sign(), {}, toolCall());
    await until(async () => (await counted(all)) > 0);
    const names = (await all.redis.command('KEYS', '*')).match(/usher:[\w-]+/g) ?? [];
    let found = 0;
    for (const name of names) {
      assert.match(name, /^usher:[\w-]{43}$/);
      if (!(await all.redis.command('GET', name)).startsWith('$0')) continue;
      found += 1;
      const left = Number((await all.redis.command('PTTL', name)).slice(1));
      assert.ok(left > 0 && left <= 86_400_000 / burst, String(left));
    }
    assert.equal(found, 1);
  });

  test('a user who may not count there – the limits are each replica’s own, which is said once; all else is shared', async () => {
    await using all = await startLimited();
    await using other = await startAs(all, '+get +set +del +ping +select');
    const alice = await all.issuer.sign();
    assert.equal(await drain(all.a, alice), burst);
    assert.equal(await drain(other, alice), burst);
    assert.equal(all.issuer.count('/oauth2/as1/v1/token'), 1);
    const said = other.logged.filter((line) => line.includes('shared state'));
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /does not count rate limits: NOPERM.*\+eval \+pttl/);
  });

  test('a user who may do no more than the guide says – is enough', async () => {
    await using all = await startLimited();
    await using other = await startAs(all, '+get +set +del +ping +select +eval +pttl');
    const alice = await all.issuer.sign();
    assert.equal(await drain(other, alice), burst);
    assert.ok((await drain(all.a, alice)) <= ahead);
    assert.deepEqual(
      other.logged.filter((line) => line.includes('shared state')),
      [],
    );
  });
});
