import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markProcess } from '../../lib/process-mark.ts';
import { startEngineStandIn } from '../../../test/kit/start-engine-stand-in.ts';
import { quietLog } from '../../model/log.ts';
import { abandon, removeLeftovers } from './leftovers.ts';
import { labels } from './owner.ts';

test('what a gateway that runs could not remove – is removed at its next start, once, and nothing else of it', async (context) => {
  const removed: string[] = [];
  const found = ['c1', 'c2'].map((Id) => ({ Id, Labels: { [labels.process]: markProcess() } }));
  const client = await startEngineStandIn(context, ({ method, url = '' }, response) => {
    if (method === 'DELETE') removed.push(/containers\/(\w+)/.exec(url)?.[1] ?? url);
    response.end(JSON.stringify(url.includes('/containers/json') ? found : []));
  });
  const engine = { client, kind: 'podman', label: 'an engine', architecture: 'amd64' } as const;
  abandon('c2');
  await removeLeftovers('one', engine, quietLog);
  assert.deepEqual(removed, ['c2']);
  await removeLeftovers('one', engine, quietLog);
  assert.deepEqual(removed, ['c2']);
});
