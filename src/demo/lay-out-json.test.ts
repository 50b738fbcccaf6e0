import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layOutJson } from './lay-out-json.ts';

const record = {
  v: 1,
  who: { sub: 'alice@example.com', client: 'demo' },
  caller: { scp: ['openid', 'email'], nothing: null, none: [], empty: {} },
};

test('layOutJson – all fits – one line', () => {
  assert.equal(layOutJson({ a: [1, 'x'], b: {} }, 80), '{ "a": [1, "x"], "b": {} }');
});

test('layOutJson – too long for one line – broken from the outside, whole where it fits', () => {
  assert.equal(
    layOutJson(record, 60),
    [
      '{',
      '  "v": 1,',
      '  "who": { "sub": "alice@example.com", "client": "demo" },',
      '  "caller": {',
      '    "scp": ["openid", "email"],',
      '    "nothing": null,',
      '    "none": [],',
      '    "empty": {}',
      '  }',
      '}',
    ].join('\n'),
  );
});

test('layOutJson – the comma behind a member does not fit – broken', () => {
  const line = '  "who": { "sub": "alice@example.com", "client": "demo" },';
  assert.ok(layOutJson(record, line.length).includes(line));
  assert.ok(!layOutJson(record, line.length - 1).includes(line));
});

test('layOutJson – any width – the same value', () => {
  for (const width of [0, 20, 40, 200]) assert.deepEqual(JSON.parse(layOutJson(record, width)), record);
});
