import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressGroup } from './address-group.ts';

test('addressGroup – an IPv4 address, however written – is itself', () => {
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '::FFFF:192.0.2.7'])
    assert.equal(addressGroup(address), '192.0.2.7');
});

test('addressGroup – IPv6 addresses of one network, however written – are one; of another, another', () => {
  const network = '2001:db8:0:1::/64';
  for (const address of [
    '2001:db8:0:1::1',
    '2001:DB8::1:ffff:2:3:4',
    '2001:0db8:0000:0001:0:0:192.0.2.7',
    '2001:db8:0:1::2%eth0',
  ])
    assert.equal(addressGroup(address), network, address);
  assert.equal(addressGroup('2001:db8:0:2::1'), '2001:db8:0:2::/64');
  assert.equal(addressGroup('::1'), '0:0:0:0::/64');
  assert.equal(addressGroup('64:ff9b::192.0.2.7'), '64:ff9b:0:0::/64');
});

test('addressGroup – anything else – is itself', () => {
  assert.equal(addressGroup(''), '');
});
