import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { sendJson, startHttpServer } from '../../test/kit/start-http-server.ts';
import {
  answerStatus,
  type ExchangeResponse,
  identity,
  isRefusal,
  startExchange,
} from '../../test/kit/start-exchange.ts';

type Exchange = Awaited<ReturnType<typeof startExchange>>;

describe('what is repeated', () => {
  const rows: readonly (readonly [string, ExchangeResponse])[] = [
    ['500', answerStatus(500)],
    ['502 with a web page', (_, response) => void response.writeHead(502).end('<h1>Bad gateway')],
    ['503 without Retry-After', answerStatus(503)],
    ['504', answerStatus(504)],
    ['a reset before the answer', (_, response) => void response.destroy()],
    ['an end before the answer', (_, response) => void response.socket?.end()],
  ];
  for (const [name, answer] of rows) {
    test(`${name} – once more, after a random moment, and the call succeeds`, async () => {
      await using all = await startExchange();
      all.failOnce(answer);
      all.scene.random = 0.25;
      assert.equal(await all.header(identity(all.scene.nowMs)), 'Bearer opaque-1');
      assert.equal(all.count(), 2);
      assert.deepEqual(all.waits, [100]);
    });
  }
  test('nobody listens – tried twice, then exchange_unavailable', async () => {
    const gone = await startHttpServer(() => {});
    await gone[Symbol.asyncDispose]();
    await using all = await startExchange({ url: `${gone.url}/token` });
    const error = await all.refusal(identity(all.scene.nowMs));
    assert.match(error.hint, /connection refused/);
    assert.equal(all.waits.length, 1);
  });
  test('500 again and again – no third request', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(500);
    const error = await all.refusal(identity(all.scene.nowMs));
    assert.equal(error.code, 'exchange_unavailable');
    assert.equal(all.count(), 2);
  });
  test('the moment before a repetition – between 50 and 250 ms', async () => {
    await using all = await startExchange();
    for (const random of [0, 0.999]) {
      all.failOnce(answerStatus(500));
      all.scene.random = random;
      await all.header(identity(all.scene.nowMs, `random ${random}`));
    }
    assert.deepEqual(all.waits.map(Math.round), [50, 250]);
  });
});

describe('what is not repeated', () => {
  const half: ExchangeResponse = (_, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"access_token"');
    setImmediate(() => response.destroy());
  };
  const rows: readonly (readonly [string, ExchangeResponse, string])[] = [
    ['invalid_grant', answerStatus(400, { error: 'invalid_grant' }), 'exchange_subject_refused'],
    ['access_denied', answerStatus(403, { error: 'access_denied' }), 'exchange_denied'],
    ['invalid_client', answerStatus(401, { error: 'invalid_client' }), 'exchange_misconfigured'],
    ['404', answerStatus(404), 'exchange_misconfigured'],
    ['408', answerStatus(408), 'exchange_unavailable'],
    ['429', answerStatus(429), 'exchange_unavailable'],
    ['501', answerStatus(501), 'exchange_unavailable'],
    ['500 with Retry-After', answerStatus(500, {}, { 'retry-after': '3' }), 'exchange_unavailable'],
    ['503 with Retry-After', answerStatus(503, {}, { 'retry-after': '3' }), 'exchange_unavailable'],
    ['a redirect', answerStatus(307, {}, { location: 'http://127.0.0.1:1/' }), 'exchange_answer_invalid'],
    ['no token in the answer', answerStatus(200), 'exchange_answer_invalid'],
    ['half an answer', half, 'exchange_unavailable'],
    ['bytes that are no HTTP', (_, response) => void response.socket?.end('hello\r\n\r\n'), 'exchange_unavailable'],
  ];
  for (const [name, answer, code] of rows) {
    test(`${name} – one request, ${code}`, async () => {
      await using all = await startExchange();
      all.failOnce(answer);
      const error = await all.refusal(identity(all.scene.nowMs));
      assert.equal(error.code, code);
      assert.deepEqual([all.count(), all.waits.length], [1, 0]);
    });
  }
  test('no answer in time – one request', async () => {
    await using all = await startExchange({ timeoutSeconds: 0.1 });
    all.failOnce(() => {});
    assert.match((await all.refusal(identity(all.scene.nowMs))).hint, /no answer within/);
    assert.equal(all.count(), 1);
  });
  test('a failure with less time left than the wait takes – one request', async () => {
    await using all = await startExchange({ timeoutSeconds: 0.2 });
    all.failOnce(answerStatus(500));
    all.scene.random = 0.999;
    assert.equal((await all.refusal(identity(all.scene.nowMs))).code, 'exchange_unavailable');
    assert.equal(all.count(), 1);
  });
  test('a repetition – has only the time the first request left', async () => {
    await using all = await startExchange({ timeoutSeconds: 1 });
    let requests = 0;
    all.scene.respond = async (_, response) => {
      requests += 1;
      if (requests > 1) return;
      await setTimeout(400);
      sendJson(response, 500, {});
    };
    const { hint } = await all.refusal(identity(all.scene.nowMs));
    const withinMs = Number(/no answer within (\d+) ms/.exec(hint)?.[1]);
    assert.ok(withinMs <= 610, hint);
    assert.equal(requests, 2);
  });
  test('the provider asks to be left alone before a repetition – not repeated', async () => {
    await using all = await startExchange();
    all.failOnce(answerStatus(500));
    all.scene.duringWait = () => {
      all.failOnce(answerStatus(429, {}, { 'retry-after': '30' }));
      return all.refusal(identity(all.scene.nowMs, 'bob'));
    };
    assert.match((await all.refusal(identity(all.scene.nowMs, 'alice'))).hint, /status 500/);
    assert.equal(all.count(), 2);
  });
  test('every first request of 100 exchanges fails – a fifth is repeated, and ten more', async () => {
    await using all = await startExchange();
    const known = new Set<string>();
    const usual = {
      access_token: 'opaque',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
    };
    all.scene.respond = ({ body }, response) => {
      if (known.has(body)) return sendJson(response, 200, usual);
      known.add(body);
      sendJson(response, 500, {});
    };
    for (let number = 0; number < 100; number += 1) {
      // Whatever the circuit breaker thinks: it is not what this is about.
      all.scene.nowMs += 2_000;
      await all.header(identity(all.scene.nowMs, `user ${number}`)).catch(() => {});
    }
    assert.ok(all.count() <= 130, String(all.count()));
    assert.ok(all.count() >= 115, String(all.count()));
  });
});

/** A provider that answers nobody until it is told to. */
function holdAnswers(all: Exchange) {
  const held: ServerResponse[] = [];
  let answer: ((response: ServerResponse) => void) | undefined;
  let mostAtOnce = 0;
  let underWay = 0;
  all.scene.respond = (_, response) => {
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    response.on('close', () => (underWay -= 1));
    if (answer === undefined) held.push(response);
    else answer(response);
  };
  return {
    held,
    mostAtOnce: () => mostAtOnce,
    /** Answers those who wait, and from now on everybody. */
    answerAll(how: (response: ServerResponse) => void): void {
      answer = how;
      for (const response of held) if (!response.headersSent) how(response);
    },
    async until(count: number): Promise<void> {
      while (held.length < count) await setTimeout(5);
    },
  };
}

const good = (response: ServerResponse) =>
  sendJson(response, 200, {
    access_token: 'opaque',
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
  });

describe('many exchanges at once', () => {
  const users = (all: Exchange, count: number, names = 'user') =>
    Array.from({ length: count }, (_, number) => identity(all.scene.nowMs, `${names} ${number}`));

  test('1280 tokens – 256 at the provider, 1024 wait; one more is refused; all the others are served in the end', async () => {
    await using all = await startExchange({ timeoutSeconds: 60 });
    const provider = holdAnswers(all);
    const calls = users(all, 1280).map((user) => all.header(user));
    await provider.until(256);
    const error = await all.refusal(identity(all.scene.nowMs, 'one too many'));
    assert.equal(error.code, 'exchange_unavailable');
    assert.match(error.hint, /256 exchanges are under way and 1024 wait/);
    assert.equal(all.count(), 256);
    provider.answerAll(good);
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(['Bearer opaque']));
    assert.ok(provider.mostAtOnce() <= 256, String(provider.mostAtOnce()));
    assert.equal(all.count(), 1280);
  });

  test('one who waits leaves – its place is free for another, and the provider is not asked for it', async () => {
    await using all = await startExchange({ timeoutSeconds: 60 });
    const provider = holdAnswers(all);
    const leaver = new AbortController();
    const calls = users(all, 1279).map((user) => all.header(user));
    const left = all.header(identity(all.scene.nowMs, 'leaver'), { signal: leaver.signal });
    leaver.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    calls.push(all.header(identity(all.scene.nowMs, 'in its place')));
    await provider.until(256);
    provider.answerAll(good);
    await Promise.all(calls);
    assert.ok(!all.seen.some(({ body }) => body.includes(identity(0, 'leaver').callerToken ?? '')));
  });

  test('one of two who wait for the same exchange leaves – the other gets it', async () => {
    await using all = await startExchange({ timeoutSeconds: 60 });
    const provider = holdAnswers(all);
    const calls = users(all, 256).map((user) => all.header(user));
    const alice = identity(all.scene.nowMs);
    const leaver = new AbortController();
    const left = all.header(alice, { signal: leaver.signal });
    const stayed = all.header(alice);
    leaver.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    provider.answerAll(good);
    assert.equal(await stayed, 'Bearer opaque');
    await Promise.all(calls);
  });

  test('the provider fails while many wait – they are refused at once, and it is not asked for them', async () => {
    await using all = await startExchange({ timeoutSeconds: 60 });
    const provider = holdAnswers(all);
    const calls = users(all, 1000).map((user) => all.header(user));
    const [ended, waiting] = [Promise.allSettled(calls), Promise.allSettled(calls.slice(300))];
    await provider.until(256);
    // The others are still under way when those who wait are told.
    for (const response of provider.held.slice(0, 10)) sendJson(response, 501, {});
    const refused = await waiting;
    assert.ok(refused.every((one) => one.status === 'rejected' && isRefusal(one.reason, 'exchange_unavailable')));
    assert.ok(all.count() < 256 + 10, String(all.count()));
    provider.answerAll(good);
    await ended;
  });

  test('nobody makes room in time – one who waits is refused when its own time is over', async () => {
    await using all = await startExchange({ timeoutSeconds: 0.5 });
    holdAnswers(all);
    const startedAtMs = performance.now();
    const calls = users(all, 257).map((user) => all.header(user));
    const ended = await Promise.allSettled(calls);
    assert.ok(ended.every((one) => one.status === 'rejected' && isRefusal(one.reason, 'exchange_unavailable')));
    // Its time ends with that of the others: whether it gets a place in the last moment is not said, nor of use.
    const tookMs = performance.now() - startedAtMs;
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
  });
});
