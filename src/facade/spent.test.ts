import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSpent, buildSpentMemory } from './spent.ts';

test('what was used – a flood of consents that were answered – is still known of tokens and codes', async () => {
  const spent = buildSpent(buildSpentMemory(), undefined);
  assert.equal(await spent.take('refresh', 'a', 60_000), true);
  assert.equal(await spent.take('code', 'a', 60_000), true);
  for (let index = 0; index < 100_001; index += 1) await spent.take('consent', String(index), 60_000);
  assert.deepEqual([await spent.take('refresh', 'a', 60_000), await spent.take('code', 'a', 60_000)], [false, false]);
});

test('what was used – and given back – may be used again', async () => {
  const spent = buildSpent(buildSpentMemory(), undefined);
  assert.equal(await spent.take('refresh', 'a', 60_000), true);
  await spent.giveBack('refresh', 'a');
  assert.equal(await spent.take('refresh', 'a', 60_000), true);
});
