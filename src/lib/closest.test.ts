import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findClosest } from './closest.ts';

const flags = ['--oidc-issuer', '--oidc-audience', '--token-exchange-url', '--port', '--env'];

test('findClosest – a letter left out – the word that was meant', () => {
  assert.equal(findClosest('--oidc-isuer', flags), '--oidc-issuer');
});

test('findClosest – two letters swapped – the word that was meant', () => {
  assert.equal(findClosest('--prot', flags), '--port');
});

test('findClosest – underscore and capitals – the word that was meant', () => {
  assert.equal(findClosest('--OIDC_audiance', flags), '--oidc-audience');
});

test('findClosest – another word – nothing', () => {
  assert.equal(findClosest('--colour', flags), undefined);
});

test('findClosest – three letters that share none – nothing', () => {
  assert.equal(findClosest('abc', ['xyz', 'ab1x']), undefined);
});

test('findClosest – a word of 1 MB – nothing, at once', () => {
  assert.equal(findClosest('x'.repeat(1_000_000), flags), undefined);
});
