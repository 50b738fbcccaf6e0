import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAmbiguousKey } from './find-ambiguous-key.ts';

const decisive = new Map([
  ['', new Set(['method', 'params'])],
  ['params', new Set(['name', 'taskId'])],
  ['params._meta', new Set(['io.modelcontextprotocol/protocolVersion'])],
]);

const good: readonly string[] = [
  '{}',
  '[]',
  '"method"',
  '{"method":"a","params":{"name":"b","arguments":{"method":1,"Name":2}}}',
  '[{"method":"a"},{"method":"b"}]',
  '{"a":[{"x":1},{"x":1}],"b":{"a":1}}',
  '{"a":"\\"method\\":","method":"\\\\"}',
  '{"params":{"a":{"b":{"c":1,"c":2}}}}',
  '{ "a" : [ "x" , "x" ] , "b" : "a" }',
];
for (const text of good) {
  test(`findAmbiguousKey – ${text} – nothing`, () => {
    JSON.parse(text);
    assert.equal(findAmbiguousKey(text, decisive), undefined);
  });
}

const bad: readonly (readonly [string, string])[] = [
  ['{"method":"a","method":"b"}', 'the key "method" stands twice in a message'],
  ['{"m\\u0065thod":"a","method":"b"}', 'the key "method" stands twice in a message'],
  ['{"x":1,"x":1}', 'the key "x" stands twice in a message'],
  ['{"params":{"name":"decoy","arguments":{},"name":"real"}}', 'the key "name" stands twice in params'],
  ['[{"a":1},{"params":{"name":1,"name":2}}]', 'the key "name" stands twice in params'],
  ['{"params":{"arguments":{"a":1,"b":{},"a":2}}}', 'the key "a" stands twice in params.arguments'],
  ['{"Method":"a","method":"b"}', 'the key "Method" in a message is spelled "method"'],
  ['{"METHOD":"a"}', 'the key "METHOD" in a message is spelled "method"'],
  ['{"params":{"name":"a","Name":"b"}}', 'the key "Name" in params is spelled "name"'],
  ['{"params":{"tas\u212AId":"b"}}', 'the key "tas\u212AId" in params is spelled "taskId"'],
  ['{"param\u017F":{}}', 'the key "param\u017F" in a message is spelled "params"'],
  [
    '{"params":{"_meta":{"io.modelcontextprotocol/ProtocolVersion":1}}}',
    'the key "io.modelcontextprotocol/ProtocolVersion" in params._meta is spelled "io.modelcontextprotocol/protocolVersion"',
  ],
];
for (const [text, expected] of bad) {
  test(`findAmbiguousKey – ${text} – found`, () => {
    JSON.parse(text);
    assert.equal(findAmbiguousKey(text, decisive), expected);
  });
}

test('findAmbiguousKey – a text of 4 MB, and one that is 100,000 deep – takes no longer than reading them', () => {
  const long = JSON.stringify({
    params: { arguments: { text: 'x"\\'.repeat(1_000_000), list: Array.from({ length: 100_000 }, () => ({})) } },
  });
  assert.equal(findAmbiguousKey(long, decisive), undefined);
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.equal(findAmbiguousKey(deep, decisive), undefined);
  const nested = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
  assert.equal(findAmbiguousKey(nested, decisive), undefined);
  const lists = `${'['.repeat(500_000)}${'{},'.repeat(500_000)}1${']'.repeat(500_000)}`;
  assert.equal(findAmbiguousKey(lists, decisive), undefined);
});
