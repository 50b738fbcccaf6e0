import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileProblems, flag, jwt, loadOne, problems, target } from '../../test/kit/config-input.ts';

const server = (limit: string, authenticate = '{ issuer: https://i.example.com, audience: a }') => `servers:
  apollo:
    authenticate: [${authenticate}]
    upstream: { url: http://127.0.0.1:1 }
    rateLimit: ${limit}
`;

test('--rate-limit – alone – is for a minute, without a burst of its own', () => {
  const { config } = loadOne({ flags: [...jwt, target, flag('rate-limit', '60')] });
  const { rateLimit } = config.servers['mcp'] ?? {};
  assert.deepEqual(rateLimit, { calls: 60, windowSeconds: 60, rules: [] });
});

test('configuration – half a rate limit – does not start', () => {
  for (const [name, text] of [
    ['rate-limit-window', '10'],
    ['rate-limit-burst', '5'],
  ] as const)
    assert.match(
      problems([...jwt, target, flag(name, text)]).join('\n'),
      new RegExp(`^--${name}: limits nothing by itself; say with --rate-limit`),
    );
});

test('configuration – rate limits that cannot be – are reported with their place', (context) => {
  const found = fileProblems(
    context,
    server('{ calls: 0, burst: 1.5, rules: [{ calls: 5, per: ip }, { calls: 5, tools: [] }, { tools: [a] }] }'),
  );
  const wanted = ['calls', 'burst', 'rules[0].per', 'rules[1].tools', 'rules[2].calls'];
  for (const path of wanted)
    assert.ok(
      found.some((line) => line.includes(`servers.apollo.rateLimit.${path}: `)),
      `${path}\n${found.join('\n')}`,
    );
  assert.equal(found.length, wanted.length);
});

test('configuration – a limit for each client where there are none – does not start; for each user it does', (context) => {
  const limits = (per: string) => server(`{ calls: 5, rules: [{ per: ${per}, calls: 5 }] }`, '{ strategy: anonymous }');
  const [problem, ...more] = fileProblems(context, limits('client'));
  assert.match(
    problem ?? '',
    /rateLimit\.rules\[0\]\.per: is client, but callers without a token have none; say user, which/,
  );
  assert.deepEqual(more, []);
  assert.deepEqual(fileProblems(context, limits('user')), []);
});
