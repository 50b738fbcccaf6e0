import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../model/store.ts';
import { SharedTokens } from './shared-tokens.ts';

const nowMs = 1_700_000_000_000;

/** Keeps everything in this process. */
function memoryStore(): Store {
  const values = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
    setIfAbsent: () => Promise.resolve(true),
    delete: (key) => Promise.resolve(void values.delete(key)),
    extend: () => Promise.resolve(undefined),
    secretFor: () => Buffer.alloc(32),
  };
}

const nobody = () => Promise.reject(new Error('nobody is to be asked'));

for (const [name, aheadMs, seconds] of [
  ['an hour ahead', 3_600_000, 300],
  ['the same', 0, 300],
  ['a minute behind', -60_000, 240],
] as const) {
  test(`a token that another replica keeps for 300 s, whose clock is ${name} – used for ${seconds} s by ours`, async () => {
    const store = memoryStore();
    const theirMs = nowMs + aheadMs;
    const token = { upstreamToken: 'opaque', claims: undefined, freshUntilMs: theirMs + 300_000 };
    await new SharedTokens(store, () => theirMs).obtain('key', undefined, () => Promise.resolve(token));
    const { token: found, isOwn } = await new SharedTokens(store, () => nowMs).obtain('key', undefined, nobody);
    assert.deepEqual([isOwn, found.upstreamToken, found.freshUntilMs], [false, 'opaque', nowMs + seconds * 1000]);
  });
}

test('what is there is of a form that is not ours – as good as nothing', async () => {
  const store = memoryStore();
  await store.set('key', JSON.stringify({ upstreamToken: 'opaque', freshUntilMs: nowMs + 300_000 }), 1);
  const token = { upstreamToken: 'new', claims: undefined, freshUntilMs: nowMs + 300_000 };
  const { token: found } = await new SharedTokens(store, () => nowMs).obtain('key', undefined, () =>
    Promise.resolve(token),
  );
  assert.equal(found.upstreamToken, 'new');
});
