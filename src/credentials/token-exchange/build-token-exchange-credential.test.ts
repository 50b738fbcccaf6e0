import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { collectGarbage } from '../../../test/kit/collect-garbage.ts';
import { sendJson, type SeenRequest } from '../../../test/kit/start-http-server.ts';
import { exchangeSecret as secret, identity, isRefusal, startExchange } from '../../../test/kit/start-exchange.ts';
import { UsherError } from '../../model/usher-error.ts';

const secondMs = 1000;

describe('how long a token is handed out', () => {
  const rows: readonly (readonly [string, { expiresIn?: number; callerSeconds?: number; lastSecond: number }])[] = [
    ['the new token ends first', { expiresIn: 600, lastSecond: 569 }],
    ["the caller's token ends first", { expiresIn: 600, callerSeconds: 300, lastSecond: 269 }],
    ['a token of 100 s, of which a tenth is kept in reserve', { expiresIn: 100, lastSecond: 89 }],
    ['a token of 10 s', { expiresIn: 10, lastSecond: 8 }],
    ['a token for ever: a day', { expiresIn: 1e300, callerSeconds: 1e9, lastSecond: 86_369 }],
  ];
  for (const [name, { expiresIn, callerSeconds, lastSecond }] of rows) {
    test(`${name} – until second ${lastSecond}, then exchanged again`, async () => {
      await using all = await startExchange();
      all.scene.answer = { expires_in: expiresIn };
      const alice = identity(all.scene.nowMs, 'alice', callerSeconds);
      assert.equal(await all.header(alice), 'Bearer opaque-1');
      all.scene.nowMs += lastSecond * secondMs;
      assert.equal(await all.header(alice), 'Bearer opaque-1');
      all.scene.nowMs += 2 * secondMs;
      assert.equal(await all.header(alice), 'Bearer opaque-2');
    });
  }
  test('nothing says how long it lives – used for this call, not kept', async () => {
    await using all = await startExchange();
    all.scene.answer = {};
    const alice = identity(all.scene.nowMs);
    assert.equal(await all.header(alice), 'Bearer opaque-1');
    assert.equal(await all.header(alice), 'Bearer opaque-2');
  });
  test("the caller's token lives on the leeway alone – not kept", async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs, 'alice', -10);
    assert.equal(await all.header(alice), 'Bearer opaque-1');
    assert.equal(await all.header(alice), 'Bearer opaque-2');
  });
  test('the clock is set back to before it was kept – exchanged again, and that one kept', async () => {
    await using all = await startExchange();
    all.scene.answer = { expires_in: 600 };
    const alice = identity(all.scene.nowMs);
    assert.equal(await all.header(alice), 'Bearer opaque-1');
    all.scene.nowMs -= 3600 * secondMs;
    assert.equal(await all.header(alice), 'Bearer opaque-2');
    assert.equal(await all.header(alice), 'Bearer opaque-2');
    assert.equal(all.count(), 2);
  });
  test('the clock is set back while the provider is asked – not kept for longer than the token lives', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs - 7_200_000, 'alice', 100_000);
    all.failOnce((_, response) => {
      all.scene.nowMs -= 3_600_000;
      const issued = { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', token_type: 'Bearer' };
      sendJson(response, 200, { access_token: 'first', expires_in: 600, ...issued });
    });
    assert.equal(await all.header(alice), 'Bearer first');
    all.scene.nowMs += 600_000;
    assert.equal(await all.header(alice), 'Bearer opaque-1');
  });
  test('a kept token that has ended – let go when another is kept', async () => {
    await using all = await startExchange();
    all.scene.answer = { expires_in: 600 };
    const alice = identity(all.scene.nowMs);
    await all.header(alice);
    const ended = new WeakRef(await all.credential.obtain(alice, { signal: new AbortController().signal }));
    all.scene.nowMs += 601 * secondMs;
    await all.header(identity(all.scene.nowMs, 'bob'));
    await collectGarbage();
    assert.equal(ended.deref(), undefined);
  });
  test('a kept token – there at once, without a promise, and said to be cached', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    await all.header(alice);
    const again = all.credential.obtain(alice, { signal: new AbortController().signal });
    assert.ok(!(again instanceof Promise));
    assert.deepEqual([again.source, again.waitedMs], ['cached', 0]);
  });
});

describe('who shares', () => {
  test('50 calls of one user at once – one exchange, one fresh and the others not', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    const signal = new AbortController().signal;
    const found = await Promise.all(Array.from({ length: 50 }, async () => all.credential.obtain(alice, { signal })));
    assert.equal(all.count(), 1);
    assert.equal(found.filter(({ source }) => source === 'fresh').length, 1);
  });
  test('two users – an exchange for each', async () => {
    await using all = await startExchange();
    const [alice, bob] = [identity(all.scene.nowMs, 'alice'), identity(all.scene.nowMs, 'bob')];
    assert.notEqual(await all.header(alice), await all.header(bob));
    assert.equal(all.count(), 2);
  });
  test('one user with two tokens – an exchange for each', async () => {
    await using all = await startExchange();
    const first = identity(all.scene.nowMs);
    const second = { ...first, caller: { ...first.caller, tokenDigest: 'digest of another token' } };
    assert.notEqual(await all.header(first), await all.header(second));
    assert.equal(all.count(), 2);
  });
  test('two targets – each credential has tokens of its own', async () => {
    await using all = await startExchange();
    await using other = await startExchange();
    other.scene.answer = { access_token: 'for-the-other' };
    const alice = identity(all.scene.nowMs);
    assert.equal(await all.header(alice), 'Bearer opaque-1');
    assert.equal(await other.header(alice), 'Bearer for-the-other');
  });
  test('the one who started hangs up – the others get the token of the same exchange', async () => {
    await using all = await startExchange();
    const { respond } = answerAfter(100);
    all.scene.respond = respond;
    const alice = identity(all.scene.nowMs);
    const leaver = new AbortController();
    const left = all.header(alice, { signal: leaver.signal });
    const stayed = all.header(alice);
    leaver.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    assert.equal(await stayed, 'Bearer late');
    assert.equal(all.count(), 1);
  });
  test('all hang up – the exchange ends by itself, and its token is there for the next call', async () => {
    await using all = await startExchange();
    const { respond, answered } = answerAfter(50);
    all.scene.respond = respond;
    const alice = identity(all.scene.nowMs);
    const leaver = new AbortController();
    const left = all.header(alice, { signal: leaver.signal });
    leaver.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    await answered;
    await setTimeout(20);
    assert.equal(await all.header(alice), 'Bearer late');
    assert.equal(all.count(), 1);
  });
});

function answerAfter(delayMs: number) {
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  const respond = async (_: SeenRequest, response: ServerResponse): Promise<void> => {
    await setTimeout(delayMs);
    sendJson(response, 200, {
      access_token: 'late',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 600,
    });
    resolve();
  };
  return { respond, answered };
}

describe('after a failure', () => {
  test('50 calls wait for an exchange that fails – one request and its one repetition, all refused, and the next call tries again', async () => {
    await using all = await startExchange();
    all.scene.respond = (_, response) => sendJson(response, 503, {});
    const alice = identity(all.scene.nowMs);
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => all.header(alice)));
    assert.ok(results.every((one) => one.status === 'rejected' && isRefusal(one.reason, 'exchange_unavailable')));
    assert.equal(all.count(), 2);
    all.scene.respond = undefined;
    assert.equal(await all.header(alice), 'Bearer opaque-1');
  });
  test('a token the service behind refused – not handed out again', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    const signal = new AbortController().signal;
    await all.header(alice);
    const cached = await all.credential.obtain(alice, { signal });
    assert.equal(all.credential.evict(alice, cached), true, 'worth another attempt');
    const fresh = await all.credential.obtain(alice, { signal });
    assert.equal(fresh.header?.value.reveal(), 'Bearer opaque-2');
    assert.equal(all.credential.evict(alice, fresh), false, 'a fresh one would be the same again');
  });
  test('a service that refuses each new token – has one exchange a second made for a caller, not one for each call', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    const signal = new AbortController().signal;
    const call = async () => {
      const first = await all.credential.obtain(alice, { signal });
      if (!all.credential.evict(alice, first)) return;
      all.credential.evict(alice, await all.credential.obtain(alice, { signal }));
    };
    await call();
    for (let tenths = 0; tenths < 30; tenths += 1) {
      all.scene.nowMs += 100;
      await call();
    }
    assert.equal(all.count(), 4);
    all.scene.nowMs -= 5_000;
    await call();
    assert.equal(all.count(), 5, 'a clock that is set back makes it no longer');
    assert.notEqual(
      await all.header(identity(all.scene.nowMs, 'bob')),
      await all.header(alice),
      'nobody else is meant',
    );
  });
  test('a refused token that was replaced meanwhile – the new one stays', async () => {
    await using all = await startExchange();
    const alice = identity(all.scene.nowMs);
    const signal = new AbortController().signal;
    await all.header(alice);
    const old = await all.credential.obtain(alice, { signal });
    all.credential.evict(alice, old);
    assert.equal(await all.header(alice), 'Bearer opaque-2');
    all.credential.evict(alice, old);
    assert.equal(await all.header(alice), 'Bearer opaque-2');
  });
});

describe('what is sent', () => {
  test('client_secret_basic – both halves form-encoded', async () => {
    await using all = await startExchange();
    await all.header(identity(all.scene.nowMs));
    const sent = Buffer.from(all.seen[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString();
    assert.equal(sent, 'gateway:gateway+secret%2B%2F%3D%25%26%C3%A9');
    assert.equal(new URLSearchParams(all.seen[0]?.body).get('client_secret'), null);
  });
  test('client_secret_post – in the form, no Authorization header', async () => {
    await using all = await startExchange({ clientAuthentication: 'client_secret_post' });
    await all.header(identity(all.scene.nowMs));
    const form = new URLSearchParams(all.seen[0]?.body);
    assert.deepEqual([form.get('client_id'), form.get('client_secret')], ['gateway', secret]);
    assert.equal(all.seen[0]?.headers.authorization, undefined);
  });
  test('several audiences, resources and scopes – repeated, repeated, joined', async () => {
    await using all = await startExchange({
      audience: ['backend', 'other'],
      resource: ['https://api.example/a', 'https://api.example/b'],
      scopes: ['read', 'write'],
    });
    await all.header(identity(all.scene.nowMs));
    const form = new URLSearchParams(all.seen[0]?.body);
    assert.deepEqual(form.getAll('audience'), ['backend', 'other']);
    assert.deepEqual(form.getAll('resource'), ['https://api.example/a', 'https://api.example/b']);
    assert.equal(form.get('scope'), 'read write');
    assert.equal(form.get('requested_token_type'), null);
  });
});

describe('how long the provider may take', () => {
  // 1.1 s is 1100.0000000000002 ms, which no timer takes.
  for (const timeoutSeconds of [0.05, 1.1, 0.0001]) {
    test(`a limit of ${timeoutSeconds} s and a provider that hangs – exchange_unavailable when it is over`, async () => {
      await using all = await startExchange({ timeoutSeconds });
      all.scene.respond = () => {};
      const startedAtMs = performance.now();
      await assert.rejects(all.header(identity(all.scene.nowMs)), (error) => isRefusal(error, 'exchange_unavailable'));
      assert.ok(performance.now() - startedAtMs < timeoutSeconds * 1000 + 1000);
    });
  }
});

describe('what a provider repeats', () => {
  const basic = Buffer.from('gateway:gateway+secret%2B%2F%3D%25%26%C3%A9').toString('base64');
  const repeated = [secret, 'gateway+secret%2B%2F%3D%25%26%C3%A9', basic, 'c2lnbmF0dXJl'];
  for (const field of ['error', 'error_description', 'errorCode', 'errorSummary']) {
    test(`the secret and the caller's token in ${field} – in no part of the refusal`, async () => {
      await using all = await startExchange();
      const alice = identity(all.scene.nowMs);
      const text = `invalid ${secret} ${repeated[1]} Basic ${basic} ${alice.callerToken}`;
      for (const status of [400, 401, 503]) {
        all.scene.respond = (_, response) => sendJson(response, status, { [field]: text });
        const error: unknown = await all.header(alice).catch((thrown: unknown) => thrown);
        assert.ok(error instanceof UsherError);
        const shown = error.message + error.hint + JSON.stringify(error.details);
        for (const one of repeated) assert.ok(!shown.includes(one), `${status}: ${shown}`);
      }
    });
  }
});

test('scopes nobody asked for – used, and said once for each set of them', async () => {
  await using all = await startExchange({ scopes: ['backend-api:read'] });
  for (const scope of ['backend-api:read openid', 'openid backend-api:read', 'backend-api:read']) {
    all.scene.answer = { scope };
    assert.ok(await all.header(identity(all.scene.nowMs, scope)));
  }
  assert.equal(all.logged.length, 1);
  assert.match(
    all.logged[0] ?? '',
    /^warn: The provider grants scopes nobody asked for: "openid", asked for "backend-api:read"/,
  );
});
