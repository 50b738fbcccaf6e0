import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMismatch, readMirroredParams } from './mirrored-params.ts';

const region = { type: 'string', 'x-mcp-header': 'Region' };
const schema = {
  type: 'object',
  properties: {
    region,
    options: { type: 'object', properties: { limit: { type: 'integer', 'x-mcp-header': 'Limit' } } },
    dry: { type: 'boolean', 'x-mcp-header': 'Dry' },
    other: { type: 'string' },
  },
};
const call = (args: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":${args}}}`;
const check = (args: string, ...headers: string[]) => findMismatch(readMirroredParams(schema), call(args), headers);
const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

test('a schema – its mirrored parameters, at any depth', () => {
  assert.deepEqual(
    readMirroredParams(schema).map(({ header, path }) => [header, path.join('.')]),
    [
      ['mcp-param-region', 'region'],
      ['mcp-param-limit', 'options.limit'],
      ['mcp-param-dry', 'dry'],
    ],
  );
});

const bad = [
  ['twice the same', { a: region, b: { ...region, 'x-mcp-header': 'REGION' } }],
  ['a name that no header has', { a: { ...region, 'x-mcp-header': 'a b' } }],
  ['no text as its name', { a: { ...region, 'x-mcp-header': 7 } }],
  ['a list', { a: { ...region, type: 'array' } }],
] as const;
for (const [what, properties] of bad) {
  test(`a schema with ${what} – mirrors nothing`, () => assert.deepEqual(readMirroredParams({ properties }), []));
}

test('a schema deeper than the stack – is read to where parameters may be', () => {
  let deep: object = { 'x-mcp-header': 'deep', type: 'string' };
  for (let level = 0; level < 100_000; level += 1) deep = { properties: { a: deep } };
  assert.deepEqual(readMirroredParams(deep), []);
});

const good: readonly (readonly [what: string, args: string, headers: readonly string[]])[] = [
  ['text', '{"region":"eu"}', ['mcp-param-region', 'eu']],
  ['text with space around it', '{"region":"eu"}', ['mcp-param-region', ' eu\t']],
  ['text that is encoded', '{"region":"Česko"}', ['mcp-param-region', base64('Česko')]],
  ['text that only begins like encoded', '{"region":"=?base64?x"}', ['mcp-param-region', '=?base64?x']],
  ['true', '{"dry":true}', ['mcp-param-dry', 'true']],
  ['a number', '{"options":{"limit":42}}', ['mcp-param-limit', '42.0']],
  [
    'a number of more digits than JavaScript has',
    '{"options":{"limit":12345678901234567890}}',
    ['mcp-param-limit', '12345678901234567890'],
  ],
  ['nothing', '{}', []],
  ['null', '{"region":null}', []],
  ['nothing, with a header all the same', '{}', ['mcp-param-region', 'eu']],
];
for (const [what, args, headers] of good) {
  test(`a call with ${what} – and headers that say the same`, () => assert.equal(check(args, ...headers), undefined));
}

const wrong: readonly (readonly [what: string, args: string, headers: readonly string[], problem: RegExp])[] = [
  ['no header', '{"region":"eu"}', [], /mcp-param-region is missing/],
  ['another value', '{"region":"eu"}', ['mcp-param-region', 'us'], /says something else/],
  ['the value in another case', '{"region":"eu"}', ['mcp-param-region', 'EU'], /says something else/],
  ['the header twice', '{"region":"eu"}', ['mcp-param-region', 'eu', 'mcp-param-region', 'eu'], /more than once/],
  ['base64 that is none', '{"region":"Hello"}', ['mcp-param-region', '=?base64?SGVsbG8?='], /cannot be read/],
  [
    'other characters than base64 has',
    '{"region":"Hello"}',
    ['mcp-param-region', '=?base64?SGVs!!!bG8=?='],
    /cannot be read/,
  ],
  [
    'a number that JavaScript takes for the same',
    '{"options":{"limit":9007199254740993}}',
    ['mcp-param-limit', '9007199254740992'],
    /says something else/,
  ],
  ['the last of two values alone', '{"region":"us","region":"eu"}', ['mcp-param-region', 'us'], /says something else/],
];
for (const [what, args, headers, problem] of wrong) {
  test(`a call with ${what} – is told`, () => assert.match(check(args, ...headers) ?? '', problem));
}
