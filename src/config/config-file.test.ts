import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileProblems } from '../../test/kit/config-input.ts';

test('file – an audit trail in place of a configuration – is a handful of problems, not one for each word', (context) => {
  const line = JSON.stringify({ v: 1, time: '2026-01-01T00:00:00.000Z', who: {}, what: { http: 'POST /mcp' } });
  const found = fileProblems(context, `${line}\n${line}\n${line}\n`);
  assert.ok(found.length > 0 && found.length <= 5, found.join('\n'));
  for (const one of found) assert.match(one, /is not YAML that can be used/);
});
