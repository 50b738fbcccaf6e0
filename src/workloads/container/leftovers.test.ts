import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { markProcess } from '../../lib/process-mark.ts';
import { quietLog } from '../../model/log.ts';
import { EngineClient } from './engine-client.ts';
import { abandon, removeLeftovers } from './leftovers.ts';
import { labels } from './owner.ts';

test('what a gateway that runs could not remove – is removed at its next start, once, and nothing else of it', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-engine-'));
  const removed: string[] = [];
  const found = ['c1', 'c2'].map((Id) => ({ Id, Labels: { [labels.process]: markProcess() } }));
  const server = createServer(({ method, url = '' }, response) => {
    if (method === 'DELETE') removed.push(/containers\/(\w+)/.exec(url)?.[1] ?? url);
    response.end(JSON.stringify(url.includes('/containers/json') ? found : []));
  });
  server.listen(join(folder, 'engine.sock'));
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const client = new EngineClient(join(folder, 'engine.sock'), '1.41');
  const engine = { client, kind: 'podman', label: 'an engine', architecture: 'amd64' } as const;
  abandon('c2');
  await removeLeftovers('one', engine, quietLog);
  assert.deepEqual(removed, ['c2']);
  await removeLeftovers('one', engine, quietLog);
  assert.deepEqual(removed, ['c2']);
});
