import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { whyMissing } from './child-group.ts';

const folder = import.meta.dirname;

test('whyMissing – a program of a package whose folder is gone – says so, and what to do', () => {
  const program = join(folder, 'usher', 'packages', '1', 'bin', 'server');
  assert.match(whyMissing(program, new Error('ENOENT')), /^its package is no longer in the cache; .*usher rm/);
  assert.match(whyMissing(program), /^its package is no longer in the cache; /);
});

test('whyMissing – another program – is what the system says', () => {
  assert.equal(whyMissing(join(folder, 'server')), 'there is no such program that may be run');
  assert.equal(whyMissing('node', new Error('too many files')), 'it could not be started: too many files');
});
