import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { makeSigningKey } from '../../../test/kit/signing-key.ts';
import { sendJson, startHttpServer } from '../../../test/kit/start-http-server.ts';
import { buildHttpClient } from '../../lib/http-client.ts';
import { KeyStore } from './key-store.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const first = makeSigningKey().jwk;
const second = makeSigningKey().jwk;

/** A key store whose issuer answers as the test says, and whose clock the test moves. */
async function startStore() {
  const scene: { nowMs: number; respond: (response: ServerResponse) => void } = {
    nowMs: Date.now(),
    respond: (response) => sendJson(response, 200, { keys: [first] }),
  };
  const server = await startHttpServer((_, response) => scene.respond(response));
  const http = buildHttpClient();
  const jwksUrl = `${server.url}/keys`;
  const { log, logged } = collectLog();
  const now = () => scene.nowMs;
  const store = new KeyStore({ issuer: server.url, jwksUrl, allowHttp: false, http, now, log, name: 'apollo' });
  return {
    scene,
    store,
    logged,
    reads: () => server.seen.length,
    publish: (...keys: unknown[]) => (scene.respond = (response) => sendJson(response, 200, { keys })),
    /** Has the store a key with this kid? */
    async has(kid: string | undefined): Promise<boolean> {
      const set = await store.read();
      const header = { alg: 'RS256', kid: kid ?? '' };
      return (await set?.findKey(header, { payload: '', signature: '' }).catch(() => undefined)) !== undefined;
    },
    /** Waits for a refresh that goes on in the background. */
    settle: () => new Promise((resolve) => setTimeout(resolve, 50)),
    async [Symbol.asyncDispose]() {
      await http.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('a key store – 50 first reads at once – one fetch', async () => {
  await using all = await startStore();
  const found = await Promise.all(Array.from({ length: 50 }, () => all.store.read()));
  assert.ok(found.every((set) => set !== undefined));
  assert.equal(all.reads(), 1);
});

test('a key store – a new key unknown here – one fetch for all who ask, then it is known', async () => {
  await using all = await startStore();
  const generation = (await all.store.read())?.generation ?? -1;
  all.publish(first, second);
  const found = await Promise.all(Array.from({ length: 50 }, () => all.store.readNewer(generation)));
  assert.ok(found.every((set) => set !== undefined && set.generation !== generation));
  assert.equal(all.reads(), 2);
  assert.ok(await all.has(second.kid));
});

test('a key store – asked for something newer than a generation that is past – answered without a fetch', async () => {
  await using all = await startStore();
  const generation = (await all.store.read())?.generation ?? -1;
  all.publish(second);
  await all.store.readNewer(generation);
  assert.ok(await all.store.readNewer(generation));
  assert.equal(all.reads(), 2);
});

test('a key store – 400 unknown keys one after the other – at most 5 fetches', async () => {
  await using all = await startStore();
  const generation = (await all.store.read())?.generation ?? -1;
  for (let count = 0; count < 400; count += 1) {
    all.scene.nowMs += 10;
    assert.equal(await all.store.readNewer(generation), undefined);
  }
  assert.ok(all.reads() <= 5, `${all.reads()} fetches`);
});

test('a key store – a rotation in the middle of a flood – found 10 s later', async () => {
  await using all = await startStore();
  const generation = (await all.store.read())?.generation ?? -1;
  for (let count = 0; count < 20; count += 1) await all.store.readNewer(generation);
  all.publish(first, second);
  assert.equal(await all.store.readNewer(generation), undefined);
  all.scene.nowMs += 10_000;
  assert.ok(await all.store.readNewer(generation));
});

test('a key store – its keys are 10 minutes old – used while they are refreshed in the background', async () => {
  await using all = await startStore();
  await all.store.read();
  all.publish(second);
  all.scene.nowMs += 10 * minuteMs;
  all.store.refreshIfDue();
  assert.ok(await all.has(first.kid));
  await all.settle();
  assert.ok(!(await all.has(first.kid)));
  assert.ok(await all.has(second.kid));
});

test('a key store – idle for hours – asks before it hands out keys that may be withdrawn', async () => {
  await using all = await startStore();
  await all.store.read();
  all.publish(second);
  all.scene.nowMs += 5 * hourMs;
  assert.ok(all.store.isOverdue);
  assert.ok(!(await all.has(first.kid)));
});

test('a key store – idle for hours and the issuer down – the keys it has', async () => {
  await using all = await startStore();
  await all.store.read();
  all.scene.respond = (response) => void response.destroy();
  all.scene.nowMs += 5 * hourMs;
  assert.ok(await all.has(first.kid));
  assert.ok(!all.store.isOverdue, 'it was just asked for');
});

for (const [cacheControl, lifeMs] of [
  ['max-age=300', 5 * minuteMs],
  ['public, max-age=1800, must-revalidate', 30 * minuteMs],
  ['max-age=1', minuteMs],
  ['no-cache, max-age=0', minuteMs],
  ['max-age=86400', hourMs],
  ['s-maxage=5', 10 * minuteMs],
  ['no-store', 10 * minuteMs],
] as const) {
  test(`a key store – Cache-Control ${cacheControl} – refreshed after ${lifeMs / 1000} s, not before`, async () => {
    await using all = await startStore();
    all.scene.respond = (response) => sendJson(response, 200, { keys: [first] }, { 'cache-control': cacheControl });
    await all.store.read();
    all.scene.nowMs += lifeMs - 1;
    all.store.refreshIfDue();
    await all.settle();
    assert.equal(all.reads(), 1);
    all.scene.nowMs += 1;
    all.store.refreshIfDue();
    await all.settle();
    assert.equal(all.reads(), 2);
  });
}

const bad: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ['an empty key set', (response) => sendJson(response, 200, { keys: [] })],
  [
    'a key set without a usable key',
    (response) => sendJson(response, 200, { keys: [{ kty: 'oct', k: 'AAAA' }, null] }),
  ],
  ['an HTML page', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
  ['half a key set', (response) => void response.writeHead(200).end('{"keys":[{"kty":"RS')],
  ['an error', (response) => sendJson(response, 500, { keys: [second] })],
  ['a redirect', (response) => void response.writeHead(302, { location: '/elsewhere' }).end()],
  ['a reset', (response) => void response.destroy()],
  ['more than 1 MiB', (response) => sendJson(response, 200, { keys: [second], filler: 'x'.repeat(1024 * 1024) })],
];
for (const [name, respond] of bad) {
  test(`a key store – ${name} instead of keys – the good keys stay, up to a day`, async () => {
    await using all = await startStore();
    const { generation } = (await all.store.read()) ?? {};
    all.scene.respond = respond;
    // Asked each hour, as a gateway in use is.
    for (let hour = 1; hour < 24; hour += 1) {
      all.scene.nowMs += hourMs;
      assert.equal((await all.store.read())?.generation, generation, `after ${hour} hours`);
    }
    assert.ok(await all.has(first.kid));
    all.scene.nowMs += hourMs;
    assert.equal(await all.store.read(), undefined);
    assert.ok(!all.store.isReady);
  });

  test(`a key store – ${name} at first, keys later – ready as soon as they are there`, async () => {
    await using all = await startStore();
    all.scene.respond = respond;
    assert.equal(await all.store.read(), undefined);
    assert.notEqual(all.store.failure, 'not fetched yet');
    all.publish(first);
    all.scene.nowMs += 500;
    assert.ok(await all.has(first.kid));
  });
}

test('a key store – an issuer that fails and 100 reads within half a second – one fetch', async () => {
  await using all = await startStore();
  all.scene.respond = (response) => sendJson(response, 503, {});
  for (let count = 0; count < 100; count += 1) assert.equal(await all.store.read(), undefined);
  assert.equal(all.reads(), 1);
});

test('a key store – the same keys again – the same generation', async () => {
  await using all = await startStore();
  const { generation } = (await all.store.read()) ?? {};
  all.scene.nowMs += 10 * minuteMs;
  all.store.refreshIfDue();
  await all.settle();
  assert.equal(all.reads(), 2);
  assert.equal(all.store.generation, generation);
});

test('a key store – one who stops waiting – the others get their keys', async () => {
  await using all = await startStore();
  all.scene.respond = (response) => void setTimeout(() => sendJson(response, 200, { keys: [first] }), 100);
  const leaver = new AbortController();
  const left = all.store.read(leaver.signal);
  const stayed = all.store.read();
  leaver.abort(new Error('gone'));
  await assert.rejects(left, /gone/);
  assert.ok(await stayed);
  assert.equal(all.reads(), 1);
});

test('the issuer down while its keys are known – said once, with how long they last, and once when it is back', async () => {
  await using all = await startStore();
  assert.ok(await all.has(first.kid));
  assert.deepEqual(all.logged, []);
  all.scene.respond = (response) => sendJson(response, 500, {});
  for (let times = 0; times < 3; times += 1) {
    all.scene.nowMs += hourMs;
    all.store.refreshIfDue();
    await all.settle();
  }
  assert.equal(all.logged.length, 1);
  assert.match(
    all.logged[0] ?? '',
    /^warn: Cannot refresh the keys of .*status 500 .*"server":"apollo".*known so far until 20/,
  );
  all.publish(first);
  all.scene.nowMs += hourMs;
  all.store.refreshIfDue();
  await all.settle();
  assert.match(all.logged.slice(1).join(), /^info: The keys of .* can be fetched again \{"server":"apollo"\}$/);
});

test('a key store – the clock set back by hours – keys are refreshed as ever; a withdrawn one is not taken till then', async () => {
  await using all = await startStore();
  await all.store.read();
  all.scene.nowMs -= 5 * hourMs;
  all.publish(second);
  all.store.refreshIfDue();
  await all.settle();
  assert.equal(await all.has(first.kid), false);
  assert.equal(all.reads(), 2);
  all.scene.nowMs += 11 * minuteMs;
  all.store.refreshIfDue();
  await all.settle();
  assert.equal(all.reads(), 3);
});

test('a key store – the clock set back during an outage – the issuer is asked again, and keys end with their day', async () => {
  await using all = await startStore();
  await all.store.read();
  all.scene.respond = (response) => void response.writeHead(500).end();
  all.scene.nowMs += hourMs;
  await all.store.read();
  assert.equal(all.store.isFailing, true);
  all.scene.nowMs -= 5 * hourMs;
  const before = all.reads();
  await all.store.read();
  all.store.refreshIfDue();
  await all.settle();
  assert.ok(all.reads() > before, 'asked again');
  assert.equal(all.store.isReady, true);
  all.scene.nowMs += 24 * hourMs;
  assert.equal(all.store.isReady, false);
});

test('a key store – the clock set forward by days – asks first, and never uses what it could not ask about', async () => {
  await using all = await startStore();
  await all.store.read();
  all.scene.nowMs += 48 * hourMs;
  assert.equal(all.store.isOverdue, true);
  assert.notEqual(await all.store.read(), undefined);
  all.scene.respond = (response) => void response.writeHead(500).end();
  all.scene.nowMs += 48 * hourMs;
  assert.equal(await all.store.read(), undefined);
  all.publish(first);
  all.scene.nowMs -= 48 * hourMs;
  assert.notEqual(await all.store.read(), undefined);
});

test('a key store – the clock set back – keys nobody has are still asked for, and still not often', async () => {
  await using all = await startStore();
  const generation = (await all.store.read())?.generation ?? -1;
  const floods = async () => {
    for (let call = 0; call < 20; call += 1) await all.store.readNewer(generation);
  };
  await floods();
  const asked = all.reads();
  assert.ok(asked <= 3);
  all.scene.nowMs -= 5 * hourMs;
  await floods();
  assert.equal(all.reads(), asked);
  all.scene.nowMs += 11_000;
  await floods();
  assert.equal(all.reads(), asked + 1);
});
