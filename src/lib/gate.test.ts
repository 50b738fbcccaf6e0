import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Gate } from './gate.ts';

function startGate() {
  const seen: string[] = [];
  const gate = new Gate(() => seen.push('open'));
  const take = (name: string, step?: () => void) => {
    const all = () => {
      seen.push(name);
      step?.();
    };
    if (gate.isHeld) gate.keep(all);
    else all();
  };
  return { seen, gate, take };
}

test('a gate – held twice – opens when both have settled, also by a rejection, and lets go in order', async () => {
  const { seen, gate, take } = startGate();
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  take('before');
  gate.hold(one.promise);
  take('first');
  gate.hold(other.promise);
  take('second');
  one.reject(new Error('nobody knows'));
  await turn();
  assert.deepEqual(seen, ['before']);
  other.resolve();
  await turn();
  assert.deepEqual(seen, ['before', 'open', 'first', 'second']);
  assert.equal(gate.isHeld, false);
});

test('a gate – a kept step that holds it again, and one that takes another – keep the order', async () => {
  const { seen, gate, take } = startGate();
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  gate.hold(one.promise);
  take('first', () => gate.hold(other.promise));
  take('second', () => take('fourth'));
  take('third');
  one.resolve();
  await turn();
  assert.deepEqual(seen, ['open', 'first']);
  other.resolve();
  await turn();
  assert.deepEqual(seen, ['open', 'first', 'open', 'second', 'third', 'fourth']);
});
