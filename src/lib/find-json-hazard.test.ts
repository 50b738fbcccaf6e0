import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decisiveKeys, findJsonHazard } from './find-json-hazard.ts';

const decisive = decisiveKeys({
  method: undefined,
  params: decisiveKeys({
    name: undefined,
    taskId: undefined,
    _meta: decisiveKeys({ 'io.modelcontextprotocol/protocolVersion': undefined }),
  }),
});
const hazards = { decisive, levels: 1_000 };

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
  test(`findJsonHazard – ${text} – nothing`, () => {
    JSON.parse(text);
    assert.equal(findJsonHazard(text, hazards), undefined);
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
  test(`findJsonHazard – ${text} – found`, () => {
    JSON.parse(text);
    assert.equal(findJsonHazard(text, hazards), expected);
  });
}

test('findJsonHazard – a text of 4 MB, and one that is 100,000 deep – takes no longer than reading them', () => {
  const boundless = { decisive, levels: Number.POSITIVE_INFINITY };
  const long = JSON.stringify({
    params: { arguments: { text: 'x"\\'.repeat(1_000_000), list: Array.from({ length: 100_000 }, () => ({})) } },
  });
  assert.equal(findJsonHazard(long, boundless), undefined);
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.equal(findJsonHazard(deep, boundless), undefined);
  const nested = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
  assert.equal(findJsonHazard(nested, boundless), undefined);
  const lists = `${'['.repeat(500_000)}${'{},'.repeat(500_000)}1${']'.repeat(500_000)}`;
  assert.equal(findJsonHazard(lists, boundless), undefined);
});

test('findJsonHazard – levels – as many are fine, one more is not; brackets within texts are none', () => {
  const nest = (levels: number) => '[{"a":'.repeat(levels / 2) + '1' + '}]'.repeat(levels / 2);
  assert.equal(findJsonHazard(nest(4), { decisive, levels: 4 }), undefined);
  assert.equal(findJsonHazard(nest(6), { decisive, levels: 5 }), 'it is nested deeper than 5 levels');
  assert.equal(findJsonHazard('["[[[[\\"[[", "]]", {}]', { decisive, levels: 2 }), undefined);
});

for (const text of ['', '"', '"\\', '{"', '{"a\\', '{"\\x":1,"\\x', '}]}', '{]"a":1}', '[}"method"', ',,{:"Method']) {
  test(`findJsonHazard – what is no JSON: ${JSON.stringify(text)} – ends`, () => {
    findJsonHazard(text, hazards);
  });
}
