import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { z } from 'zod';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { anonymous } from '../../authenticators/anonymous/build-anonymous-authenticator.ts';
import type { Message } from '../../model/call.ts';
import type { Caller } from '../../model/caller.ts';
import { UsherError } from '../../model/usher-error.ts';
import { buildRateLimits } from './build-rate-limits.ts';
import { rateLimitSchema } from './schema.ts';

const alice: Caller = {
  ...anonymous,
  issuer: 'https://issuer.example.com',
  subject: 'alice',
  clientId: 'vscode',
  principal: 'alice with vscode',
};
const bob: Caller = { ...alice, subject: 'bob', principal: 'bob with vscode' };

function message(method: string | undefined, target?: string, kind: Message['kind'] = 'request'): Message {
  return { kind, method, id: 1, target, taskIds: [], version: undefined, mayBecomeTask: false };
}

function startLimits(settings: z.input<typeof rateLimitSchema>, mostBuckets?: number) {
  const scene = { nowMs: 5_000_000 };
  const { log, logged } = collectLog();
  const limits = buildRateLimits(rateLimitSchema.parse(settings), {
    now: () => scene.nowMs,
    log,
    server: 'apollo',
    scope: () => undefined,
    mostBuckets,
  });
  assert.ok(limits);
  const attempt = (caller: Caller, messages: readonly Message[], from = '192.0.2.1'): UsherError | undefined => {
    try {
      assert.equal(limits.admit(caller, messages, from), undefined);
      return undefined;
    } catch (error) {
      assert.ok(error instanceof UsherError);
      return error;
    }
  };
  /** Calls until one is refused. */
  const drain = (caller: Caller = alice, one: Message = message('tools/call', 'GetCountry'), from?: string): number => {
    let calls = 0;
    while (calls < 1_000 && attempt(caller, [one], from) === undefined) calls += 1;
    return calls;
  };
  return { scene, logged, attempt, drain };
}

describe('rate limits', () => {
  test('nothing set – there are none', () => {
    const deps = { now: () => 0, log: collectLog().log, server: 'apollo', scope: () => undefined };
    assert.equal(buildRateLimits(rateLimitSchema.parse({}), deps), undefined);
  });

  test('calls of one user – the burst at once, then one each interval; another user is not affected', () => {
    const { scene, drain } = startLimits({ calls: 60, burst: 3 });
    assert.equal(drain(), 3);
    assert.equal(drain(bob), 3);
    scene.nowMs += 999;
    assert.equal(drain(), 0);
    scene.nowMs += 1;
    assert.equal(drain(), 1);
    scene.nowMs += 3_600_000;
    assert.equal(drain(), 3);
  });

  test('one too many – says how long to wait, which is enough, and whose calls they are to the operator only', () => {
    const { scene, attempt, drain } = startLimits({ calls: 2, windowSeconds: 10, burst: 1 });
    drain();
    scene.nowMs += 1_500;
    const refused = attempt(alice, [message('tools/call', 'GetCountry')]);
    assert.equal(refused?.code, 'rate_limited');
    assert.equal(refused.message, 'Cannot take the call now: it is beyond 2 calls in 10 s per user; try again in 4 s');
    assert.match(refused.hint, /rateLimit of this server, counted for user "alice" of https:\/\/issuer/);
    assert.equal(refused.retryAfterSeconds, 3.5);
    scene.nowMs += 3_500;
    assert.equal(drain(), 1);
  });

  test('refused calls – use nothing up', () => {
    const { scene, attempt, drain } = startLimits({ calls: 60, burst: 1 });
    drain();
    for (let call = 0; call < 100; call += 1) attempt(alice, [message('tools/list')]);
    scene.nowMs += 1_000;
    assert.equal(drain(), 1);
  });

  test('what counts – everything that is asked for, with an id or without; not pings, notifications, responses', () => {
    const { attempt, drain } = startLimits({ calls: 5 });
    for (const free of [
      message('ping'),
      message('notifications/cancelled', undefined, 'notification'),
      message('notifications/initialized', undefined, 'request'),
      message(undefined, undefined, 'response'),
    ])
      for (let call = 0; call < 10; call += 1) assert.equal(attempt(alice, [free]), undefined);
    assert.equal(attempt(alice, []), undefined);
    for (const counted of [
      message('tools/call', 'GetCountry', 'notification'),
      message('Ping'),
      message('initialize'),
      message('tasks/get', 'task'),
      message('resources/read', 'file:///a'),
    ])
      assert.equal(attempt(alice, [counted]), undefined, counted.method);
    assert.equal(drain(), 0);
  });

  test('a batch – counts each of its messages, goes whole or not at all, and never when it is larger than the burst', () => {
    const { attempt, drain } = startLimits({ calls: 5 });
    const batch = (size: number) => Array.from({ length: size }, () => message('tools/list'));
    assert.equal(attempt(alice, batch(3)), undefined);
    assert.equal(attempt(alice, batch(3))?.code, 'rate_limited');
    assert.equal(drain(), 2);
    const refused = attempt(bob, batch(6));
    assert.equal(refused?.code, 'batch_over_limit');
    assert.equal(refused.row.retryable, undefined);
    assert.equal(attempt(bob, [...batch(5), message('ping')]), undefined);
  });

  test('limits of tools – count calls of these tools together, beside the limit for all', () => {
    const { attempt, drain } = startLimits({
      calls: 10,
      rules: [{ tools: ['Delete*', 'Drop'], calls: 2, windowSeconds: 3600 }],
    });
    assert.equal(drain(alice, message('tools/call', 'DeleteUser')), 2);
    const refused = attempt(alice, [message('tools/call', 'Drop')]);
    assert.match(refused?.hint ?? '', /rateLimit\.rules\[0\]/);
    assert.match(refused?.message ?? '', /beyond 2 such calls in 3600 s per user; try again in 1800 s/);
    assert.ok(!refused?.message.includes('Delete'), 'names no tool that the caller may not know');
    assert.equal(attempt(alice, [message('tools/call', 'delete')]), undefined, 'case matters, as everywhere');
    // What the limit of tools refused used nothing of the other one up.
    assert.equal(drain(alice, message('tools/list')), 7);
  });

  test('a user with several clients, and a client with several users – as the limit says', () => {
    const perUser = startLimits({ calls: 3 });
    const other: Caller = { ...alice, clientId: 'inspector', principal: 'alice with inspector' };
    assert.deepEqual([perUser.drain(), perUser.drain(other), perUser.drain(bob)], [3, 0, 3]);
    const perClient = startLimits({ rules: [{ per: 'client', calls: 3 }] });
    assert.deepEqual([perClient.drain(), perClient.drain(bob), perClient.drain(other)], [3, 0, 3]);
    const together = startLimits({ rules: [{ per: 'server', calls: 3 }] });
    assert.deepEqual([together.drain(), together.drain(bob), together.drain(other)], [3, 0, 0]);
  });

  test('users of two issuers with one subject – are two', () => {
    const { drain } = startLimits({ calls: 3 });
    const namesake: Caller = { ...alice, issuer: 'https://other.example.com' };
    assert.deepEqual([drain(), drain(namesake)], [3, 3]);
  });

  test('callers without a token – are told apart by their address, IPv6 by its network; unknown ones are one', () => {
    const { drain } = startLimits({ calls: 3 });
    const one = message('tools/list');
    assert.deepEqual(
      ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'].map((from) =>
        drain(anonymous, one, from),
      ),
      [3, 0, 3, 3, 0, 3],
    );
  });

  test('more callers than are counted one by one – it is said once, and nobody gets more', () => {
    const { logged, drain } = startLimits({ calls: 3 }, 10);
    for (let user = 0; user < 100; user += 1) assert.ok(drain({ ...alice, subject: `user-${user}` }) <= 3);
    assert.equal(logged.filter((line) => line.includes('callers have to be counted at once')).length, 1);
  });
});
