import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sealer } from './sealer.ts';

const sealer = new Sealer('a secret of some length, for tests only');
const other = new Sealer('another secret of some length, for tests');

test('a sealed value – opened under its name, unreadable before', () => {
  const sealed = sealer.seal('name', 'Bearer of bad news: ünïcode');
  assert.doesNotMatch(Buffer.from(sealed, 'base64').toString('latin1'), /Bearer|news/);
  assert.equal(sealer.open('name', sealed), 'Bearer of bad news: ünïcode');
});

test('the same value sealed twice – nobody sees that it is the same', () => {
  assert.notEqual(sealer.seal('name', 'value'), sealer.seal('name', 'value'));
});

test('under another name, or with another secret – not opened', () => {
  const sealed = sealer.seal('name', 'value');
  assert.equal(sealer.open('other', sealed), undefined);
  assert.equal(other.open('name', sealed), undefined);
});

test('each byte changed, and cut short – not opened', () => {
  const bytes = Buffer.from(sealer.seal('name', 'value'), 'base64');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.equal(sealer.open('name', changed.toString('base64')), undefined, `byte ${index}`);
    assert.equal(sealer.open('name', bytes.subarray(0, index).toString('base64')), undefined, `cut at ${index}`);
  }
});

test('secrets for a use – the same for the same secret, another for another use', () => {
  const again = new Sealer('a secret of some length, for tests only');
  assert.deepEqual(sealer.secretFor('nonces'), again.secretFor('nonces'));
  assert.notDeepEqual(sealer.secretFor('nonces'), sealer.secretFor('other'));
  assert.notDeepEqual(sealer.secretFor('nonces'), other.secretFor('nonces'));
});

test('names – the same for the same key, another with another secret, and without the key in them', () => {
  assert.equal(sealer.nameOf('alice'), sealer.nameOf('alice'));
  assert.notEqual(sealer.nameOf('alice'), other.nameOf('alice'));
  assert.doesNotMatch(sealer.nameOf('alice'), /alice/);
});
