import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseVolume } from './read-volumes.ts';

const cases = [
  ['./config.yaml:/config.yaml', '/work/config.yaml', '/config.yaml', false, false, undefined],
  ['/srv/a:/data:ro', '/srv/a', '/data', false, true, undefined],
  ['/srv/a:/data:rw', '/srv/a', '/data', false, false, undefined],
  ['data:/data', 'data', '/data', true, false, undefined],
  ['.:/data', '/work', '/data', false, false, undefined],
  ['~/notes:/notes:ro,Z', join(homedir(), 'notes'), '/notes', false, true, 'Z'],
] as const;

for (const [text, source, target, isNamed, isReadOnly, label] of cases) {
  test(`${text} – taken apart – ${source} at ${target}`, () => {
    assert.deepEqual(parseVolume(text, '/work'), { source, target, isNamed, isReadOnly, label });
  });
}
