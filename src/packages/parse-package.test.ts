import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Runner } from './package.ts';
import { parsePackage } from './parse-package.ts';

const good: readonly [Runner, string, { name: string; version: string | undefined; isPinned: boolean }][] = [
  ['npx', 'server', { name: 'server', version: undefined, isPinned: false }],
  ['npx', '@acme/server', { name: '@acme/server', version: undefined, isPinned: false }],
  ['npx', '@acme/server@1.2.3', { name: '@acme/server', version: '1.2.3', isPinned: true }],
  ['npx', 'server@1.2.3-beta.1+b', { name: 'server', version: '1.2.3-beta.1+b', isPinned: true }],
  ['npx', 'server@latest', { name: 'server', version: 'latest', isPinned: false }],
  ['npx', 'server@^1.2', { name: 'server', version: '^1.2', isPinned: false }],
  ['uvx', 'mcp-server-time', { name: 'mcp-server-time', version: undefined, isPinned: false }],
  ['uvx', 'server[http,x]@2026.1.14', { name: 'server[http,x]', version: '2026.1.14', isPinned: true }],
  ['uvx', 'server==1.0rc1', { name: 'server', version: '1.0rc1', isPinned: true }],
  ['go', 'example.com/cmd/server', { name: 'example.com/cmd/server', version: undefined, isPinned: false }],
  ['go', 'example.com/server/v2@v2.0.1', { name: 'example.com/server/v2', version: 'v2.0.1', isPinned: true }],
  ['go', 'example.com/server@main', { name: 'example.com/server', version: 'main', isPinned: false }],
];

for (const [runner, text, wanted] of good) {
  test(`package – ${runner}:${text} – is read`, () =>
    assert.deepEqual(parsePackage(runner, text), { package: { runner, ...wanted } }));
}

const bad: readonly [Runner, string][] = [
  ['npx', ''],
  ['npx', '--registry=http://evil.example'],
  ['npx', '-c'],
  ['npx', './server'],
  ['npx', '../server'],
  ['npx', '/srv/server'],
  ['npx', '.hidden'],
  ['npx', 'owner/repository'],
  ['npx', '@acme'],
  ['npx', '@acme/../server'],
  ['npx', 'server@file:../x'],
  ['npx', 'server@https://evil.example/x.tgz'],
  ['npx', 'alias@npm:other'],
  ['npx', 'server@-c'],
  ['npx', 'server@'],
  ['npx', 'server;id'],
  ['npx', 'server name'],
  ['npx', 'a'.repeat(215)],
  ['uvx', '--from'],
  ['uvx', 'git+https://evil.example/x'],
  ['uvx', 'server @ https://evil.example/x.whl'],
  ['uvx', './server'],
  ['uvx', 'server>=1'],
  ['uvx', 'server@1\n--index-url=http://evil.example'],
  ['go', './local'],
  ['go', 'server'],
  ['go', '-toolexec=x'],
  ['go', 'example.com'],
  ['go', 'example.com/../x'],
  ['go', 'example.com/-x'],
  ['go', 'example.com/x@v1 -o=/x'],
];

for (const [runner, text] of bad) {
  test(`package – ${runner}:${JSON.stringify(text.slice(0, 40))} – is refused`, () =>
    assert.ok('problem' in parsePackage(runner, text)));
}
