import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTargetUri } from './target-uri.ts';

const same: readonly (readonly [string, string])[] = [
  ['https://example.com/mcp', 'https://example.com/mcp'],
  ['HTTPS://Example.COM:443/mcp', 'https://example.com/mcp'],
  ['http://localhost:80', 'http://localhost/'],
  ['http://localhost:8000/mcp?x=1#top', 'http://localhost:8000/mcp'],
  ['http://localhost:8000/a/../%6dcp', 'http://localhost:8000/mcp'],
  ['http://localhost:8000/a%2fb', 'http://localhost:8000/a%2Fb'],
];
for (const [text, expected] of same) {
  test(`findTargetUri – ${text} – is ${expected}`, () => assert.equal(findTargetUri(text), expected));
}

for (const text of [
  '',
  '/mcp',
  'localhost:8000/mcp',
  'ftp://localhost/mcp',
  'http:/localhost/mcp',
  'http:\\\\localhost\\mcp',
  ' http://localhost/mcp',
  'http://localhost/mcp\n',
  'http://alice@localhost/mcp',
  'http://localhost:99999/mcp',
]) {
  test(`findTargetUri – ${JSON.stringify(text)} – is none`, () => assert.equal(findTargetUri(text), undefined));
}

test('findTargetUri – another path, case, slash at the end – stays another', () => {
  const found = ['/mcp', '/MCP', '/mcp/', '/mcp//', '/'].map((path) => findTargetUri(`http://localhost${path}`));
  assert.equal(new Set(found).size, found.length);
});
