import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from './retry-budget.ts';

function countRepeated(budget: RetryBudget, requests: number): number {
  let repeated = 0;
  for (let request = 0; request < requests; request += 1) {
    budget.earn();
    if (budget.spend()) repeated += 1;
  }
  return repeated;
}

test('RetryBudget – 1000 requests that all fail – a fifth of them is repeated, and what was saved', () => {
  const repeated = countRepeated(new RetryBudget({ share: 0.2, most: 10 }), 1000);
  assert.ok(repeated >= 200 && repeated <= 210, String(repeated));
});

test('RetryBudget – a long time without failures – no more is saved than the most', () => {
  const budget = new RetryBudget({ share: 0.2, most: 10 });
  for (let request = 0; request < 1000; request += 1) budget.earn();
  let repeated = 0;
  while (budget.spend()) repeated += 1;
  assert.equal(repeated, 10);
});
