import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { buildClientAddress } from './client-address.ts';
import { isNetwork } from './networks.ts';

const find = buildClientAddress(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);

const rows: readonly (readonly [string, string | undefined, string])[] = [
  ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['10.1.2.3', undefined, '10.1.2.3'],
  ['10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['10.1.2.3', '6.6.6.6, 198.51.100.1, 10.9.9.9', '198.51.100.1'],
  ['2001:db8::1', 'fd00::7', 'fd00::7'],
  ['10.1.2.3', '10.4.4.4, 192.0.2.1', '10.4.4.4'],
  ['10.1.2.3', 'evil, 10.4.4.4', '10.4.4.4'],
  ['10.1.2.3', '', '10.1.2.3'],
];
for (const [remoteAddress, header, expected] of rows) {
  test(`client address – peer ${remoteAddress}, X-Forwarded-For ${header ?? 'absent'} – ${expected}`, () => {
    const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': header } };
    assert.equal(find(request as unknown as IncomingMessage), expected);
  });
}

test('client address – no proxies named – the header is not looked at', () => {
  const request = { socket: { remoteAddress: '10.1.2.3' }, headers: { 'x-forwarded-for': '6.6.6.6' } };
  assert.equal(buildClientAddress([])(request as unknown as IncomingMessage), '10.1.2.3');
});

for (const [text, expected] of [
  ['10.0.0.0/8', true],
  ['10.0.0.1', true],
  ['::1', true],
  ['2001:db8::/32', true],
  ['10.0.0.0/33', false],
  ['10.0.0.0/', false],
  ['localhost', false],
  ['10.0.0.0/8/8', false],
] as const) {
  test(`isNetwork – ${text} – ${expected}`, () => assert.equal(isNetwork(text), expected));
}
