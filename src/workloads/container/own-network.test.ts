import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastHostOf, SharedNetwork } from './own-network.ts';

for (const [subnet, last] of [
  ['172.18.0.0/16', '172.18.255.254'],
  ['10.117.128.0/24', '10.117.128.254'],
  ['192.168.96.0/20', '192.168.111.254'],
] as const) {
  test(`${subnet} – its last address of a host – ${last}`, () => assert.equal(lastHostOf(subnet), last));
}

test('a network for several – made once, removed with the last of them, made anew for the next', async () => {
  const events: string[] = [];
  let made = 0;
  const shared = new SharedNetwork(async () => {
    made += 1;
    const name = `net-${made}`;
    events.push(`make ${name}`);
    return { name, [Symbol.asyncDispose]: async () => void events.push(`remove ${name}`) };
  });
  const [one, two] = await Promise.all([shared.join(), shared.join()]);
  assert.deepEqual([one.name, two.name], ['net-1', 'net-1']);
  await one[Symbol.asyncDispose]();
  assert.deepEqual(events, ['make net-1']);
  await two[Symbol.asyncDispose]();
  const three = await shared.join();
  assert.equal(three.name, 'net-2');
  assert.deepEqual(events, ['make net-1', 'remove net-1', 'make net-2']);
});

test('a network that cannot be made – whoever comes next tries again', async () => {
  let attempts = 0;
  const shared = new SharedNetwork(async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('no addresses left');
    return { name: 'net', [Symbol.asyncDispose]: async () => {} };
  });
  await assert.rejects(shared.join(), /no addresses left/);
  assert.equal((await shared.join()).name, 'net');
});
