import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { isOutside, unmapped } from './outside-address.ts';

for (const address of [
  '1.1.1.1',
  '8.8.8.8',
  '172.32.0.1',
  '192.0.1.1',
  '100.128.0.1',
  '2606:4700:4700::1111',
  '::ffff:8.8.8.8',
]) {
  test(`${address} – is of the Internet`, () => assert.equal(isOutside(address), true));
}

for (const address of [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.1.2.3',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:0a00:0001',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:0:7f00:1::',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  '2001:db8::1',
  'example.com',
  '2130706433',
  '0x7f.1',
  '',
]) {
  test(`${JSON.stringify(address)} – is not`, () => assert.equal(isOutside(address), false));
}

test('the addresses of this machine – are not', () => {
  for (const all of Object.values(networkInterfaces()))
    for (const { address } of all ?? []) assert.equal(isOutside(address), false, address);
});

test('an address of IPv4 that is written as one of IPv6 – is the one of IPv4', () => {
  assert.equal(unmapped('::ffff:127.0.0.1'), '127.0.0.1');
  assert.equal(unmapped('::FFFF:A9FE:A9FE'), '169.254.169.254');
  assert.equal(unmapped('fe80::1%eth0'), 'fe80::1');
});
