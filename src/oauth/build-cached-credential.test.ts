import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { identity, startExchange } from '../../test/kit/start-exchange.ts';
import { sendJson } from '../../test/kit/start-http-server.ts';
import { until } from '../../test/kit/until.ts';

type Exchange = Awaited<ReturnType<typeof startExchange>>;

/** What a call gets at once: fails when it would have to wait. */
function atOnce(all: Exchange, user: ReturnType<typeof identity>) {
  const found = all.credential.obtain(user, { signal: new AbortController().signal });
  assert.ok(!(found instanceof Promise), 'it waits');
  return found.header?.value.reveal();
}

/** A token of 600 s is handed out for 570 s; the last fifth begins after 456 s. */
const lastFifthMs = 456_000;

describe('refresh ahead', () => {
  test('a call before the last fifth – asks for nothing', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    await all.header(alice);
    all.scene.nowMs += lastFifthMs - 1_000;
    assert.equal(atOnce(all, alice), 'Bearer opaque-1');
    assert.equal(all.count(), 1);
  });

  test('calls in the last fifth – get the token at hand at once, and the next one is asked for once', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    await all.header(alice);
    all.scene.nowMs += lastFifthMs + 1_000;
    for (let call = 0; call < 5; call += 1) assert.equal(atOnce(all, alice), 'Bearer opaque-1');
    await until(() => atOnce(all, alice) === 'Bearer opaque-2');
    assert.equal(all.count(), 2);
  });

  test('the next one is not to be had – the token at hand is good until its end, and nobody asks until then', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    await all.header(alice);
    all.scene.respond = (_, response) => sendJson(response, 401, { error: 'invalid_client' });
    all.scene.nowMs += lastFifthMs + 1_000;
    atOnce(all, alice);
    await until(() => all.count() === 2);
    // Who asks after it and has an answer: then that one has its own, too.
    await all.refusal(identity(all.scene.nowMs, 'bob'));
    all.scene.nowMs += 110_000;
    assert.equal(atOnce(all, alice), 'Bearer opaque-1');
    assert.equal(all.count(), 3);
    all.scene.nowMs += 10_000;
    assert.equal((await all.refusal(alice)).code, 'exchange_misconfigured');
    assert.equal(all.count(), 4);
  });

  const withdrawals = [
    ['invalid_grant', 'exchange_subject_refused'],
    ['access_denied', 'exchange_denied'],
    ['insufficient_user_authentication', 'exchange_step_up'],
  ] as const;
  for (const [error, code] of withdrawals) {
    test(`the next one is refused with ${error} – the token at hand is over at once`, async () => {
      await using all = await startExchange();
      const alice = identity(all.scene.nowMs);
      await all.header(alice);
      all.scene.nowMs += lastFifthMs + 1_000;
      all.failOnce((_, response) => sendJson(response, 400, { error }));
      assert.equal(atOnce(all, alice), 'Bearer opaque-1');
      await until(() =>
        all.header(alice).then(
          () => false,
          () => true,
        ),
      );
      assert.equal((await all.refusal(alice)).code, code);
      assert.equal(all.count(), 2);
      all.scene.nowMs += 5_000;
      assert.equal(await all.header(alice), 'Bearer opaque-2', 'the provider thinks better of it');
    });
  }

  test("the token ends with the caller's own – another would not last longer, so none is asked for", async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs, 'alice', 300);
    await all.header(alice);
    all.scene.nowMs += 269_000;
    assert.equal(atOnce(all, alice), 'Bearer opaque-1');
    assert.equal(all.count(), 1);
  });

  test('a provider that is left alone – is not asked ahead; a call after it is well again asks', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    await all.header(alice);
    all.scene.nowMs += lastFifthMs;
    all.scene.respond = (_, response) => sendJson(response, 429, {}, { 'retry-after': '30' });
    await all.refusal(identity(all.scene.nowMs, 'bob'));
    all.scene.respond = undefined;
    assert.equal(atOnce(all, alice), 'Bearer opaque-1');
    assert.equal(all.count(), 2);
    all.scene.nowMs += 31_000;
    assert.equal(atOnce(all, alice), 'Bearer opaque-1');
    await until(() => atOnce(all, alice) === 'Bearer opaque-2');
    assert.equal(all.count(), 3);
  });

  test('the old token ends while the next is under way – the call waits for that one', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    await all.header(alice);
    const { promise: mayAnswer, resolve: letAnswer } = Promise.withResolvers<void>();
    all.scene.respond = async (_, response) => {
      await mayAnswer;
      sendJson(response, 200, {
        access_token: 'next',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 600,
      });
    };
    all.scene.nowMs += lastFifthMs + 1_000;
    atOnce(all, alice);
    all.scene.nowMs += 120_000;
    const waiting = all.header(alice);
    letAnswer();
    assert.equal(await waiting, 'Bearer next');
    assert.equal(all.count(), 2);
  });

  test('what is handed out – fresh, shared or kept – cannot be changed', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    const { signal } = new AbortController();
    const [fresh, shared] = await Promise.all([
      all.credential.obtain(alice, { signal }),
      all.credential.obtain(alice, { signal }),
    ]);
    const kept = await all.credential.obtain(alice, { signal });
    assert.deepEqual(
      [fresh, shared, kept].map((one) => Object.isFrozen(one)),
      [true, true, true],
    );
  });
});
