import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTargetName, parseTarget } from './parse-target.ts';

const cases = [
  ['http://127.0.0.1:8001/mcp', { kind: 'url', url: 'http://127.0.0.1:8001/mcp' }],
  ['ftp://example.com', { kind: 'url', url: 'ftp://example.com' }],
  ['npx:@scope/server@1.2.3', { kind: 'package', runner: 'npx', name: '@scope/server@1.2.3' }],
  ['npx://server', { kind: 'package', runner: 'npx', name: 'server' }],
  ['uvx:server', { kind: 'package', runner: 'uvx', name: 'server' }],
  ['go:example.com/cmd/server@v1', { kind: 'package', runner: 'go', name: 'example.com/cmd/server@v1' }],
  ['docker://server', { kind: 'image', image: 'server' }],
  ['server:1', { kind: 'image', image: 'server:1' }],
  ['ghcr.io/acme/server@sha256:00', { kind: 'image', image: 'ghcr.io/acme/server@sha256:00' }],
  ['localhost:5000/server', { kind: 'image', image: 'localhost:5000/server' }],
  ['docker.io/acme', { kind: 'image', image: 'docker.io/acme' }],
  ['acme/server', { kind: 'image', image: 'acme/server' }],
  ['io.github.acme/server', { kind: 'name', name: 'io.github.acme/server' }],
  ['com.acme/server@1.2.3', { kind: 'name', name: 'com.acme/server@1.2.3' }],
  ['server@1.2.3', { kind: 'name', name: 'server@1.2.3' }],
  ['server@sha256:00', { kind: 'image', image: 'server@sha256:00' }],
  ['io.github.acme/server:1', { kind: 'image', image: 'io.github.acme/server:1' }],
  ['app.acme.io/server', { kind: 'image', image: 'app.acme.io/server' }],
  ['apollo-mcp-server', { kind: 'name', name: 'apollo-mcp-server' }],
] as const;

for (const [text, target] of cases) {
  test(`${text} – parsed – ${target.kind}`, () => assert.deepEqual(parseTarget(text), target));
}

for (const [text, name] of [
  ['http://127.0.0.1:8001/mcp', undefined],
  ['everything', 'everything'],
  ['com.acme/server@1.2.3', 'server'],
  ['npx:@scope/server@1.2.3', 'server'],
  ['npx:server', 'server'],
  ['uvx:mcp-server[extra]==1.2.3', 'mcp-server'],
  ['go:example.com/cmd/server@v1', 'server'],
  ['ghcr.io/acme/server@sha256:00', 'server'],
  ['localhost:5000/server', 'server'],
  ['localhost:5000/acme/server:v1', 'server'],
  ['docker://server:1', 'server'],
  ['npx:@', undefined],
] as const) {
  test(`${text} – its usual name – ${name ?? 'none'}`, () => assert.equal(findTargetName(parseTarget(text)), name));
}
