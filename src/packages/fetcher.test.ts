import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickWords } from './fetcher.ts';

test('pickWords – a package that npm does not find – is what it is about, once', () => {
  const lines = [
    'npm warn config something old',
    'npm error code E404',
    'npm error 404 Not Found - GET https://registry.npmjs.org/@acme%2fserver',
    'npm error 404',
    "npm error 404  The requested resource '@acme/server@1.2.3' could not be found or you do not have permission to access it.",
    'npm error 404',
    'npm error 404 Note that you can also install from a',
    'npm error 404 tarball, folder, http url, or git url.',
    'npm error A complete log of this run can be found in: /home/alice/.npm/_logs/debug-0.log',
  ];
  assert.equal(
    pickWords(lines),
    "code E404 Not Found - GET https://registry.npmjs.org/@acme%2fserver The requested resource '@acme/server@1.2.3' could not be found or you do not have permission to access it.",
  );
});

test('pickWords – another tool, or warnings alone – is all of it', () => {
  assert.equal(
    pickWords(['error: No solution found', 'hint: try another']),
    'error: No solution found hint: try another',
  );
  assert.equal(pickWords(['npm warn only this']), 'npm warn only this');
});
