import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { quietLog } from '../../model/log.ts';
import { EngineClient } from './engine-client.ts';
import type { Engine } from './find-engine.ts';
import { pullImage } from './pull-image.ts';

/** An engine that answers a pull as it was seen to: what registries do cannot be had from a registry that is not there. */
async function startEngineThatSays(context: TestContext, status: number, lines: readonly object[]) {
  const folder = mkdtempSync(join(tmpdir(), 'usher-pull-'));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json' });
    for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
    response.end();
  }).listen(join(folder, 'engine.sock'));
  await once(server, 'listening');
  context.after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const client = new EngineClient(join(folder, 'engine.sock'), '1.41');
  const engine: Engine = { client, kind: 'podman', label: 'an engine', architecture: 'amd64' };
  return { engine, asked };
}

test('a pull that fails behind a 200, as with Podman – comes back in its words', async (context) => {
  const words = 'initializing source docker://acme/server:9: reading manifest 9: manifest unknown';
  const { engine, asked } = await startEngineThatSays(context, 200, [{ status: 'Pulling' }, { error: words }]);
  assert.equal(await pullImage('acme/server:9', engine, { log: quietLog }), words);
  assert.deepEqual(asked, ['/v1.41/images/create?fromImage=acme%2Fserver&tag=9']);
});

test('a pull that is refused with a status, as with Docker – its words are thrown', async (context) => {
  const { engine } = await startEngineThatSays(context, 404, [{ message: 'pull access denied for acme/server' }]);
  await assert.rejects(pullImage('acme/server', engine, { log: quietLog }), /pull access denied for acme\/server/);
});

test('a pull that goes well – shows how many bytes of how many, then nothing any more', async (context) => {
  const layer = (id: string, current: number) => ({
    status: 'Downloading',
    id,
    progressDetail: { current, total: 20_000_000 },
  });
  const { engine } = await startEngineThatSays(context, 200, [
    { status: 'Pulling fs layer', id: 'a' },
    layer('a', 5_000_000),
    layer('b', 1_000_000),
    layer('a', 20_000_000),
    { status: 'Extracting', id: 'a', progressDetail: { current: 1, total: 20_000_000 } },
    { status: 'Pull complete', id: 'a' },
  ]);
  const shown: (string | undefined)[] = [];
  const words = await pullImage('acme/server:1', engine, {
    log: quietLog,
    showProgress: (text) => void shown.push(text),
  });
  assert.equal(words, undefined);
  assert.equal(shown[0], 'Pulling acme/server:1: asking the registry');
  assert.ok(shown.includes('Pulling acme/server:1: 6.0 of 40.0 MB'));
  assert.deepEqual(shown.slice(-2), ['Pulling acme/server:1: 21.0 of 40.0 MB', undefined]);
});
