import assert from 'node:assert/strict';
import { Sealer } from '../../../src/lib/sealer.ts';
import { scopeStore, type Store } from '../../../src/model/store.ts';
import { SharedTokens } from '../../../src/oauth/shared-tokens.ts';
import type { Target } from '../target.ts';

const sealer = new Sealer('a secret of the fuzzer, of 32 characters');
const nowMs = 1_800_000_000_000;
const own = { upstreamToken: 'own', claims: undefined, freshUntilMs: nowMs + 1 };

/** A store that holds this, whatever is asked. */
function holding(value: string): Store {
  return scopeStore(
    {
      get: () => Promise.resolve(value),
      set: () => Promise.resolve(),
      setIfAbsent: () => Promise.resolve(true),
      delete: () => Promise.resolve(),
      extend: () => Promise.resolve(0),
      secretFor: () => Buffer.alloc(32),
    },
    'fuzz',
  );
}

/** What comes out of Redis: as sealed text, and as what another version may have sealed. */
export const target: Target = {
  seeds: [
    sealer.seal('name', 'value'),
    JSON.stringify({
      upstreamToken: 'theirs',
      claims: { aud: ['a'], scp: ['b'] },
      freshUntilMs: nowMs + 60_000,
      livesMs: 60_000,
    }),
    JSON.stringify({
      upstreamToken: 'theirs',
      freshUntilMs: nowMs - 1,
      livesMs: 1,
      refreshAtMs: 1,
      steps: [{ strategy: 'x' }],
    }),
    JSON.stringify({ upstreamToken: 'theirs', freshUntilMs: nowMs + 1, livesMs: 1e-60 }),
    JSON.stringify({ upstreamToken: '', freshUntilMs: 'later' }),
  ],
  async fuzz(bytes) {
    const text = bytes.toString('latin1');
    const opened = sealer.open('another name', text);
    assert.equal(opened, undefined);
    const shared = new SharedTokens(holding(bytes.toString('utf8')), () => nowMs);
    const { token, isOwn } = await shared.obtain('key', 'spurned', () => Promise.resolve(own));
    if (isOwn) return assert.equal(token, own);
    assert.ok(token.upstreamToken.length > 0 && token.upstreamToken !== 'spurned');
    assert.ok(token.freshUntilMs !== undefined && token.freshUntilMs > nowMs);
  },
};
