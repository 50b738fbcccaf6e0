import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containPackage } from './contain-package.ts';

const npm = { runner: 'npx', name: '@acme/server', version: '1.2.3', isPinned: true } as const;

test('package in a container – of npm – is run by npx, without install scripts unless they are allowed', () => {
  const { image, args, env } = containPackage(npm, { allowsScripts: false });
  assert.match(image, /^docker\.io\/library\/node:24/);
  assert.deepEqual(args, ['npx', '--yes', '--', '@acme/server@1.2.3']);
  assert.equal(env['npm_config_ignore_scripts'], 'true');
  assert.ok(!('npm_config_ignore_scripts' in containPackage(npm, { allowsScripts: true }).env));
});

test('package in a container – of PyPI and of Go – is run by uvx and go', () => {
  const python = { runner: 'uvx', name: 'server[http]', version: '1.0', isPinned: true } as const;
  assert.deepEqual(containPackage(python, { allowsScripts: false }).args, ['uvx', 'server[http]==1.0']);
  const go = { runner: 'go', name: 'example.com/cmd/server', version: 'v1.0.0', isPinned: true } as const;
  assert.deepEqual(containPackage(go, { allowsScripts: false }).args, ['go', 'run', 'example.com/cmd/server@v1.0.0']);
});

test('package in a container – its volume – is no other package’s, nor version’s, nor that of one whose scripts ran', () => {
  const volumes = [
    containPackage(npm, { allowsScripts: false }),
    containPackage(npm, { allowsScripts: true }),
    containPackage({ ...npm, version: '1.2.4' }, { allowsScripts: false }),
    containPackage({ ...npm, name: 'other' }, { allowsScripts: false }),
  ].map(({ volume }) => volume);
  assert.equal(new Set(volumes).size, 4);
  for (const volume of volumes) assert.match(volume, /^usher-packages-npx-[0-9a-f]{16}:\/cache$/);
});
