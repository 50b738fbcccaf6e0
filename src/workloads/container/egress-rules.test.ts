import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EgressRules, parseEgressRules } from './egress-rules.ts';

function rulesOf(hosts: readonly string[], ports: readonly number[] = []): EgressRules {
  const rules = parseEgressRules(hosts, ports);
  assert.ok(!('problem' in rules), 'problem' in rules ? rules.problem : '');
  return rules;
}

type Case = readonly [
  hosts: readonly string[],
  ports: readonly number[],
  host: string,
  port: number,
  expected: boolean,
];

const cases: readonly Case[] = [
  [['api.example.com'], [], 'api.example.com', 443, true],
  [['API.Example.com'], [], 'api.example.com', 8443, true],
  [['api.example.com'], [], 'example.com', 443, false],
  [['api.example.com'], [], 'x.api.example.com', 443, false],
  [['api.example.com'], [], 'api.example.com.evil.com', 443, false],
  [['api.example.com:443'], [], 'api.example.com', 443, true],
  [['api.example.com:443'], [], 'api.example.com', 80, false],
  [['api.example.com'], [443], 'api.example.com', 80, false],
  [['api.example.com:8443'], [443], 'api.example.com', 8443, true],
  [['.example.com'], [], 'example.com', 443, true],
  [['.example.com'], [], 'a.b.example.com', 443, true],
  [['.example.com'], [], 'badexample.com', 443, false],
  [['*.example.com'], [], 'a.example.com', 443, true],
  [['*.example.com'], [], 'example.com', 443, false],
  [['api.example.com'], [], '93.184.216.34', 443, false],
  [['93.184.216.34'], [], '93.184.216.34', 443, true],
  [['10.1.0.0/16:5432'], [], '10.1.2.3', 5432, true],
  [['10.1.0.0/16:5432'], [], '10.1.2.3', 443, false],
  [['10.1.0.0/16'], [], '10.2.0.1', 443, false],
  [['fd00::/8'], [], 'fd00::1', 443, true],
  [['[fd00::1]:443'], [], 'fd00::1', 443, true],
  [['[fd00::1]:443'], [], 'fd00::1', 80, false],
  [[], [443], 'any.example.com', 443, true],
  [[], [443], 'any.example.com', 80, false],
  [[], [443], 'host.docker.internal', 443, false],
  [['.docker.internal:443'], [], 'host.docker.internal', 443, false],
  [['host.docker.internal:4000'], [], 'host.docker.internal', 4000, true],
  [['host.docker.internal'], [4000], 'host.docker.internal', 4001, false],
];

for (const [hosts, ports, host, port, expected] of cases) {
  test(`${JSON.stringify(hosts)} at ${JSON.stringify(ports)} – ${host}:${port} is ${expected ? 'allowed' : 'not'}`, () =>
    assert.equal(rulesOf(hosts, ports).allows(host, port), expected));
}

test('a host on the list – may be on the Internet, elsewhere only at an address that is named', () => {
  const rules = rulesOf(['api.internal.example', '10.1.2.3:443']);
  assert.equal(rules.allowsAddress('8.8.8.8', 443), true);
  assert.equal(rules.allowsAddress('10.1.2.3', 443), true);
  assert.equal(rules.allowsAddress('::ffff:10.1.2.3', 443), true);
  for (const [address, port] of [
    ['10.1.2.3', 80],
    ['10.1.2.4', 443],
    ['127.0.0.1', 443],
    ['169.254.169.254', 443],
    ['::1', 443],
  ] as const)
    assert.equal(rules.allowsAddress(address, port), false, `${address}:${port}`);
});

for (const host of [
  'http://api.example.com',
  'api.example.com/path',
  'user@api.example.com',
  'api..example.com',
  '',
  '*',
  '.',
  'a*.example.com',
  'api.example.com:0',
  'api.example.com:65536',
  '999.1.1.1',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/:443',
  'fe80::1%eth0',
  'fd00::/129',
  '[10.0.0.1]:443',
  '2130706433',
  '0x7f000001',
]) {
  test(`${JSON.stringify(host)} – is no host`, () => {
    const found = parseEgressRules([host], []);
    assert.ok('problem' in found);
    assert.match(found.problem, /is no host: expected/);
  });
}

test('this machine without a port – refused: everything that listens on it would be reached', () => {
  const found = parseEgressRules(['host.docker.internal'], []);
  assert.ok('problem' in found);
  assert.match(found.problem, /name the port, as in host\.docker\.internal:4000/);
});

test('a port that is none – refused', () => assert.ok('problem' in parseEgressRules([], [70_000])));

test('what may be called – is said in words', () => {
  assert.equal(rulesOf(['a.example', 'b.example'], [443]).text, 'a.example, b.example at port 443');
  assert.equal(rulesOf([], [80, 443]).text, 'every host at ports 80, 443');
});
