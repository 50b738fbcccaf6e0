import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProductionPackages } from './image-files.js';

test('packages that run with Usher – its dependencies and theirs, not those of tests, builds and examples', () => {
  const packages = {
    '': { dependencies: { a: '1' }, devDependencies: { dev: '1' }, workspaces: ['examples/one'] },
    'examples/one': { dependencies: { example: '1' } },
    'node_modules/a': {
      dependencies: { b: '1', c: '2' },
      optionalDependencies: { forOthers: '1' },
      peerDependencies: { peer: '1', absent: '1' },
    },
    'node_modules/a/node_modules/c': { dependencies: { b: '1' } },
    'node_modules/b': { dependencies: { a: '1' } },
    'node_modules/c': {},
    'node_modules/dev': { dependencies: { c: '1' } },
    'node_modules/example': {},
    'node_modules/peer': {},
  };
  assert.deepEqual(findProductionPackages(packages), [
    'node_modules/a',
    'node_modules/a/node_modules/c',
    'node_modules/b',
    'node_modules/peer',
  ]);
});

test('a dependency that is locked nowhere – is an error, not an image without it', () =>
  assert.throws(
    () => findProductionPackages({ '': { dependencies: { gone: '1' } } }),
    /has no gone, which Usher needs/,
  ));
