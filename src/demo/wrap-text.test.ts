import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapText } from './wrap-text.ts';

test('wrapText – a text that fits exactly – one line', () => {
  assert.deepEqual(wrapText('aud backend of', 14), ['aud backend of']);
});

test('wrapText – one column too narrow – broken at the last space that fits', () => {
  assert.deepEqual(wrapText('aud backend of', 13), ['aud backend', 'of']);
});

test('wrapText – a URL longer than the line – whole, on a line of its own', () => {
  assert.deepEqual(wrapText('at https://localhost:9443/oauth2 now', 10), [
    'at',
    'https://localhost:9443/oauth2',
    'now',
  ]);
});
