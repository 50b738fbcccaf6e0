import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sendJson } from '../../test/kit/start-http-server.ts';
import { identity, startExchange } from '../../test/kit/start-exchange.ts';

type Exchange = Awaited<ReturnType<typeof startExchange>>;

/** A provider that refuses with this error until it is told otherwise. */
function refuseAll({ scene }: Exchange, error: string): void {
  scene.respond = (_, response) => sendJson(response, 400, { error });
}

describe('how long a refusal stands', () => {
  for (const [error, code, forMs] of [
    ['invalid_grant', 'exchange_subject_refused', 5_000],
    ['interaction_required', 'exchange_subject_refused', 5_000],
    ['insufficient_user_authentication', 'exchange_step_up', 5_000],
    ['access_denied', 'exchange_denied', 5_000],
    ['invalid_client', 'exchange_misconfigured', 1_000],
  ] as const) {
    test(`${error} – ${forMs} ms without another request, then asked again`, async () => {
      await using all = await startExchange();
      refuseAll(all, error);
      const alice = identity(all.scene.nowMs);
      assert.equal((await all.refusal(alice)).code, code);
      all.scene.respond = undefined;
      all.scene.nowMs += forMs - 1;
      for (let call = 0; call < 20; call += 1) assert.equal((await all.refusal(alice)).code, code);
      assert.equal(all.count(), 1);
      all.scene.nowMs += 1;
      assert.equal(await all.header(alice), 'Bearer opaque-1');
    });
  }
  test('asked again and again – it does not grow older than it may by being asked for', async () => {
    await using all = await startExchange();
    refuseAll(all, 'access_denied');
    const alice = identity(all.scene.nowMs);
    for (let second = 0; second < 20; second += 1) {
      await all.refusal(alice);
      all.scene.nowMs += 1_000;
    }
    assert.equal(all.count(), 4);
  });
  test('a clock that is set back – asked again', async () => {
    await using all = await startExchange();
    refuseAll(all, 'access_denied');
    const alice = identity(all.scene.nowMs);
    await all.refusal(alice);
    all.scene.respond = undefined;
    all.scene.nowMs -= 3_600_000;
    assert.equal(await all.header(alice), 'Bearer opaque-1');
  });
});

describe('what is not remembered', () => {
  for (const [name, status] of [
    ['a provider that does not work', 501],
    ['an answer that is no token', 200],
  ] as const) {
    test(`${name} – the next call asks again`, async () => {
      await using all = await startExchange();
      all.scene.respond = (_, response) => sendJson(response, status, {});
      await all.refusal(identity(all.scene.nowMs));
      all.scene.respond = undefined;
      assert.equal(await all.header(identity(all.scene.nowMs)), 'Bearer opaque-1');
    });
  }
});

describe('whose refusal it is', () => {
  test('another token of the same user – asked for', async () => {
    await using all = await startExchange();
    refuseAll(all, 'invalid_grant');
    const first = identity(all.scene.nowMs);
    await all.refusal(first);
    all.scene.respond = undefined;
    const second = { ...first, caller: { ...first.caller, tokenDigest: 'digest of another token' } };
    assert.equal(await all.header(second), 'Bearer opaque-1');
    assert.equal((await all.refusal(first)).code, 'exchange_subject_refused');
  });
  test('another user – asked for, also when the gateway itself was refused', async () => {
    await using all = await startExchange();
    refuseAll(all, 'invalid_client');
    await all.refusal(identity(all.scene.nowMs, 'alice'));
    await all.refusal(identity(all.scene.nowMs, 'bob'));
    assert.equal(all.count(), 2);
  });
  test('the same token for another target – asked for', async () => {
    await using all = await startExchange();
    await using other = await startExchange();
    refuseAll(all, 'access_denied');
    const alice = identity(all.scene.nowMs);
    await all.refusal(alice);
    assert.equal(await other.header(alice), 'Bearer opaque-1');
  });
});
