import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { sendJson } from '../../test/kit/start-http-server.ts';
import { answerStatus, identity, startExchange } from '../../test/kit/start-exchange.ts';

/** Exchanges that fail, one after the other, each for a user of its own. */
async function failInARow(all: Awaited<ReturnType<typeof startExchange>>, count: number, names: string): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const error = await all.refusal(identity(all.scene.nowMs, `${names} ${number}`));
    assert.equal(error.code, 'exchange_unavailable');
  }
}

describe('a provider that asks to be left alone', () => {
  for (const code of [429, 503]) {
    test(`${code} with Retry-After 30 – handed on; not asked until then, whoever calls; then asked again`, async () => {
      await using all = await startExchange();
      all.failOnce(answerStatus(code, {}, { 'retry-after': '30' }));
      assert.equal((await all.refusal(identity(all.scene.nowMs))).retryAfterSeconds, 30);
      all.scene.nowMs += 9_500;
      for (const user of ['alice', 'bob']) {
        const error = await all.refusal(identity(all.scene.nowMs, user));
        assert.deepEqual([error.code, error.retryAfterSeconds], ['exchange_unavailable', 21]);
      }
      assert.equal(all.count(), 1);
      all.scene.nowMs += 20_500;
      assert.equal(await all.header(identity(all.scene.nowMs)), 'Bearer opaque-1');
    });
  }
  test('Retry-After of an hour – handed on, but asked again after a minute', async () => {
    await using all = await startExchange();
    all.failOnce(answerStatus(429, {}, { 'retry-after': '3600' }));
    assert.equal((await all.refusal(identity(all.scene.nowMs))).retryAfterSeconds, 3600);
    all.scene.nowMs += 59_000;
    assert.equal((await all.refusal(identity(all.scene.nowMs))).retryAfterSeconds, 1);
    all.scene.nowMs += 1_000;
    assert.equal(await all.header(identity(all.scene.nowMs)), 'Bearer opaque-1');
  });
  test('Retry-After as a date – until that date', async () => {
    await using all = await startExchange();
    all.scene.nowMs = Date.UTC(2026, 0, 1);
    all.failOnce(answerStatus(503, {}, { 'retry-after': 'Thu, 01 Jan 2026 00:00:20 GMT' }));
    assert.equal((await all.refusal(identity(all.scene.nowMs))).retryAfterSeconds, 20);
    all.scene.nowMs += 19_000;
    await all.refusal(identity(all.scene.nowMs));
    assert.equal(all.count(), 1);
    all.scene.nowMs += 1_000;
    assert.ok(await all.header(identity(all.scene.nowMs)));
  });
  test('a clock that is set back – not left alone for longer', async () => {
    await using all = await startExchange();
    all.failOnce(answerStatus(429, {}, { 'retry-after': '30' }));
    await all.refusal(identity(all.scene.nowMs));
    all.scene.nowMs -= 3_600_000;
    assert.equal(await all.header(identity(all.scene.nowMs)), 'Bearer opaque-1');
  });
  test('500 with Retry-After – handed on, and the next call asks', async () => {
    await using all = await startExchange();
    all.failOnce(answerStatus(500, {}, { 'retry-after': '30' }));
    assert.equal((await all.refusal(identity(all.scene.nowMs))).retryAfterSeconds, 30);
    assert.equal(await all.header(identity(all.scene.nowMs)), 'Bearer opaque-1');
  });
  test('a user whose token is at hand – served meanwhile', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    await all.header(alice);
    all.failOnce(answerStatus(429, {}, { 'retry-after': '30' }));
    await all.refusal(identity(all.scene.nowMs, 'bob'));
    assert.equal(await all.header(alice), 'Bearer opaque-1');
  });
});

describe('a provider that fails again and again', () => {
  test('10 exchanges in a row – the next is refused at once, with the time until the provider is asked', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(501);
    await failInARow(all, 10, 'user');
    assert.equal(all.count(), 10);
    all.scene.nowMs += 500;
    const error = await all.refusal(identity(all.scene.nowMs));
    assert.deepEqual([error.code, error.retryAfterSeconds], ['exchange_unavailable', 2]);
    assert.match(error.hint, /not asked: 10 exchanges in a row failed/);
    assert.equal(all.count(), 10);
  });
  test('after 2 s – one call asks, once; others are refused meanwhile; if it fails, 2 s more', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(501);
    await failInARow(all, 10, 'user');
    const waiting: ServerResponse[] = [];
    const probed = Promise.withResolvers<void>();
    all.scene.respond = (_, response) => {
      waiting.push(response);
      probed.resolve();
    };
    all.scene.nowMs += 2_000;
    const probe = all.refusal(identity(all.scene.nowMs, 'probe'));
    await probed.promise;
    await failInARow(all, 5, 'meanwhile');
    sendJson(waiting[0] ?? assert.fail(), 500, {});
    assert.equal((await probe).code, 'exchange_unavailable');
    assert.deepEqual([all.count(), all.waits.length], [11, 0], 'a probe is not repeated');
    all.scene.nowMs += 1_999;
    await failInARow(all, 1, 'early');
    assert.equal(all.count(), 11);
    all.scene.nowMs += 1;
    all.scene.respond = undefined;
    assert.ok(await all.header(identity(all.scene.nowMs, 'second probe')));
  });
  test('calls at the same time when it is due – one of them asks', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(501);
    await failInARow(all, 10, 'user');
    all.scene.nowMs += 2_000;
    await Promise.all(
      Array.from({ length: 20 }, (_, number) => all.refusal(identity(all.scene.nowMs, `due ${number}`))),
    );
    assert.equal(all.count(), 11);
  });
  test('it answers again – all calls are exchanged at once', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(501);
    await failInARow(all, 10, 'user');
    all.scene.nowMs += 2_000;
    all.scene.respond = undefined;
    await all.header(identity(all.scene.nowMs, 'probe'));
    await Promise.all(
      Array.from({ length: 20 }, (_, number) => all.header(identity(all.scene.nowMs, `after ${number}`))),
    );
    assert.equal(all.count(), 31);
  });
  test('a refusal is an answer – it ends the outage as well', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(501);
    await failInARow(all, 10, 'user');
    all.scene.nowMs += 2_000;
    all.scene.respond = answerStatus(400, { error: 'invalid_grant' });
    for (const user of ['probe', 'next'])
      assert.equal((await all.refusal(identity(all.scene.nowMs, user))).code, 'exchange_subject_refused');
  });
  test('9 failures, a refusal, 9 failures – still asked for every call', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(501);
    await failInARow(all, 9, 'before');
    all.scene.respond = answerStatus(400, { error: 'invalid_grant' });
    await all.refusal(identity(all.scene.nowMs, 'between'));
    all.scene.respond = answerStatus(501);
    await failInARow(all, 9, 'after');
    assert.equal(all.count(), 19);
  });
  test('20 refusals for other reasons – still asked for every call', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(401, { error: 'invalid_client' });
    for (let number = 0; number < 20; number += 1) await all.refusal(identity(all.scene.nowMs, `user ${number}`));
    assert.equal(all.count(), 20);
  });
  test('the log – says once that it began and once that it ended, with the server and the reason', async () => {
    await using all = await startExchange();
    all.scene.respond = answerStatus(501);
    await failInARow(all, 15, 'user');
    all.scene.nowMs += 2_000;
    await failInARow(all, 3, 'probe');
    all.scene.nowMs += 2_000;
    all.scene.respond = undefined;
    for (const user of ['first', 'second']) await all.header(identity(all.scene.nowMs, user));
    assert.equal(all.logged.length, 2);
    assert.match(
      all.logged[0] ?? '',
      /^warn: The identity provider failed 10 exchanges in a row.*"apollo".*status 501/,
    );
    assert.match(all.logged[1] ?? '', /^info: The identity provider answers again, after 4 s.*"apollo"/);
  });
});
