import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Roster } from './roster.ts';

const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];

test('Roster – some entered, one left – holds the others', () => {
  const roster = new Roster<object>();
  roster.enter(a);
  const place = roster.enter(b);
  roster.enter(c);
  roster.leave(place);
  assert.deepEqual([...roster], [a, c]);
  assert.equal(roster.size, 2);
});

test('Roster – a place that was left – used again', () => {
  const roster = new Roster<object>();
  const place = roster.enter(a);
  roster.leave(place);
  assert.equal(roster.enter(b), place);
  assert.deepEqual([...roster], [b]);
});

test('Roster – everybody left – empty', () => {
  const roster = new Roster<object>();
  for (const place of [roster.enter(a), roster.enter(b)]) roster.leave(place);
  assert.deepEqual([...roster], []);
  assert.equal(roster.size, 0);
});

test('Roster – somebody waits until it is empty – told when the last one leaves, at once when nobody is in', async () => {
  const roster = new Roster<object>();
  await roster.whenEmpty();
  const [first, second] = [roster.enter(a), roster.enter(b)];
  let isEmpty = false;
  const empty = roster.whenEmpty().then(() => (isEmpty = true));
  roster.leave(first);
  await Promise.resolve();
  assert.equal(isEmpty, false);
  roster.leave(second);
  await empty;
});
