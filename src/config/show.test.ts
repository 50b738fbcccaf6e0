import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeText } from '../../test/kit/config-input.ts';
import { loadConfig } from './load.ts';
import { showSources } from './show.ts';

const text = `
servers:
  b:
    path: /b/mcp
    authenticate: [{ strategy: anonymous }]
    upstream: { url: http://127.0.0.1:1 }
  a:
    authenticate:
      - { issuer: https://one.example.com, audience: mcpserver }
      - { issuer: https://other.example.com, audience: mcpserver, credential: { strategy: static-header, header: X-Key, valueFile: key.txt } }
    credential: { strategy: static-header, header: X-Key, valueFile: key.txt }
    upstream: { url: http://127.0.0.1:1 }
`;

test('settings with their sources – each entry of a list stands together, the gateway first, then each server', (context) => {
  const key = writeText(context, 'key.txt', 'a-secret');
  const file = writeText(context, 'usher.yaml', text.replaceAll('key.txt', key));
  const shown = showSources(loadConfig({ file, flags: [], environment: {} }));
  const paths = shown.split('\n').map((line) => line.split(' ')[0] ?? '');
  assert.equal(new Set(paths).size, paths.length);
  // Where what begins so begins and ends.
  const span = (start: string) => {
    const found = paths.flatMap((path, index) => (path.startsWith(start) ? [index] : []));
    assert.equal((found.at(-1) ?? 0) - (found[0] ?? 0) + 1, found.length, `${start} stands together`);
    return found[0] ?? -1;
  };
  const starts = ['listen.', 'servers.a.', 'servers.a.authenticate[0].', 'servers.a.authenticate[1].', 'servers.b.'];
  const places = starts.map(span);
  assert.deepEqual(
    places,
    places.toSorted((one, other) => one - other),
  );
  assert.ok(span('servers.a.authenticate[1].credential.') > 0);
});
