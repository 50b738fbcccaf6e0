import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditRecord } from '../model/audit-record.ts';
import { CallCounter } from './count-calls.ts';

const record: AuditRecord = {
  v: 1,
  time: '2026-01-01T00:00:00.000Z',
  id: 'x',
  who: { sub: 'alice' },
  what: { http: 'POST' },
  decision: 'allowed',
  reason: '',
  status: 200,
  ms: { total: 1 },
};

test('calls of the last minute – the machine’s clock is set back – are those, and older ones are forgotten', (context) => {
  // The clock that people set; the one that is counted by goes on.
  context.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
  let monotonicMs = 0;
  context.mock.method(performance, 'now', () => monotonicMs);
  const counter = new CallCounter();
  counter.take(record);
  context.mock.timers.setTime(1_700_000_000_000);
  monotonicMs += 30_000;
  counter.take(record);
  assert.equal(counter.read().calls, 2);
  monotonicMs += 61_000;
  assert.deepEqual([counter.read().calls, counter.read().callers], [0, 0]);
});
