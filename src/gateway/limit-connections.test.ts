import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostConnections } from './limit-connections.ts';

const listen = { host: '127.0.0.1', port: 0, drainTimeoutSeconds: 10, trustedProxies: [], maxConnections: undefined };

for (const [limit, most] of [
  [64, 8],
  [256, 88],
  [1024, 472],
  [1_048_576, 524_248],
  [undefined, undefined],
] as const) {
  test(`the limit of connections – ${limit} files may be open – ${most}`, () => {
    assert.equal(mostConnections(listen, limit), most);
  });
}

test('the limit of connections – set – is what was set, whatever the limit of files', () => {
  assert.equal(mostConnections({ ...listen, maxConnections: 5 }, 1024), 5);
  assert.equal(mostConnections({ ...listen, maxConnections: 5000 }, 1024), 5000);
});
