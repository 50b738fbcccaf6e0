import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsherError } from '../model/usher-error.ts';
import { Places } from './places.ts';

/** Places of which some may be freed: whose, in the order in which that is asked for. */
function open(idle: Readonly<Record<string, number>>, { most = 4, mostPerUser = 3 } = {}) {
  const left = new Map(Object.entries(idle));
  const taken = new Map<string, (() => void)[]>();
  const asked: string[] = [];
  const places = new Places({
    most,
    mostPerUser,
    target: 'stdio:x',
    makeRoom(principal) {
      asked.push(principal);
      const count = left.get(principal) ?? 0;
      if (count === 0) return false;
      left.set(principal, count - 1);
      taken.get(principal)?.pop()?.();
      return true;
    },
  });
  const take = (principal: string) => {
    const leave = places.take(principal);
    taken.set(principal, [...(taken.get(principal) ?? []), leave]);
  };
  return { take, asked };
}

function assertFull(take: () => void, reason: RegExp): void {
  assert.throws(take, (error) => {
    assert.ok(error instanceof UsherError);
    assert.equal(error.code, 'upstream_full');
    assert.match(String(error.details['reason']), reason);
    return true;
  });
}

test('all places taken, some of them not used – whoever has most of them makes room for another user', () => {
  const { take, asked } = open({ alice: 1, bob: 1 });
  for (const one of ['alice', 'bob', 'bob', 'bob', 'carol']) take(one);
  assert.deepEqual(asked, ['bob']);
  take('carol');
  assert.deepEqual(asked, ['bob', 'bob', 'alice']);
});

test('all places in use – the next is refused', () => {
  const { take } = open({});
  for (const one of ['alice', 'bob', 'bob', 'bob']) take(one);
  assertFull(() => take('carol'), /^4 sessions are in use, the most of all users/);
});

test('a user with as many as one may have, all in use – is refused, whatever others leave unused', () => {
  const { take, asked } = open({ alice: 1 });
  for (const one of ['alice', 'bob', 'bob', 'bob']) take(one);
  assertFull(() => take('bob'), /^3 sessions of this user are in use/);
  assert.deepEqual(asked, ['bob']);
});
