import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildPages } from '../tools/generate.js';

const root = new URL('..', import.meta.url);

test('reference pages – the tables as they are – say the same', () => {
  const tool = fileURLToPath(new URL('tools/generate.js', root));
  const { status, stderr } = spawnSync(process.execPath, [tool, '--check'], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
});

test('reference pages – every one of them – names this tool, so that nobody edits it by hand', async () => {
  for (const [path] of await buildPages()) {
    const text = readFileSync(new URL(path, root), 'utf8');
    assert.ok(path.endsWith('.json') || text.includes('tools/generate.js'), path);
  }
});
