import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../kit/run-program.ts';
import { testPorts } from '../kit/start-scenario.ts';

const usher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));

async function runDemo(...more: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'usher-demo-'));
  const { gateway, idpHttp, idpHttps, api, mcpServer } = testPorts;
  const given = {
    port: gateway,
    'idp-http-port': idpHttp,
    'idp-https-port': idpHttps,
    'api-port': api,
    'mcp-port': mcpServer,
  };
  const ports = Object.entries(given).flatMap(([name, port]) => [`--${name}`, String(port)]);
  try {
    return await runProgram([
      process.execPath,
      usher,
      'demo',
      '--require-dpop',
      '--state-dir',
      folder,
      ...ports,
      ...more,
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('usher demo --require-dpop – the whole scenario, each token bound to its holder’s key and worth nothing without', async () => {
  const { code, stdout, stderr } = await runDemo('--once', '--json');
  assert.equal(code, 0, stderr);
  const story = JSON.parse(stdout);
  assert.match(story.answer, /Prague/);
  assert.equal(story.seenByApi.sub, 'alice@example.com');
  assert.deepEqual(story.seenByApi.scp, ['backend-api:read']);
  assert.match(story.bound.callerKey, /^[\w-]{43}$/);
  assert.match(story.bound.gatewayKey, /^[\w-]{43}$/);
  assert.notEqual(story.bound.callerKey, story.bound.gatewayKey);
  assert.deepEqual(story.bound.withoutKey, { status: 401, code: 'token_bound' });
  assert.equal(JSON.parse(story.apiLine).claims.cnf.jkt, story.bound.gatewayKey);
});

test('usher demo --require-dpop --once – says of both tokens which key they are bound to', async () => {
  const { code, stdout, stderr } = await runDemo('--once');
  assert.equal(code, 0, stderr);
  for (const text of [
    /the token bound to a key \(DPoP\)/,
    /Without the key +the same token refused, 401 token_bound/,
    /\n +key +\S{43}/,
  ])
    assert.match(stdout, text);
});

test('usher demo --require-dpop --mcp-server – is refused: that server hands on no proofs', async () => {
  const { code, stderr } = await runDemo('--mcp-server', 'apollo-mcp-server');
  assert.equal(code, 2);
  assert.match(stderr, /--require-dpop: cannot go with --mcp-server/);
});
