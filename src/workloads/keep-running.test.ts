import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectLog } from '../../test/kit/collect-log.ts';
import { until } from '../../test/kit/until.ts';
import { keepRunning } from './keep-running.ts';

test('a server of which something cannot be removed – that is logged, and it is started again all the same', async () => {
  const { log, logged } = collectLog();
  let starts = 0;
  const kept = {
    name: 'one',
    label: 'acme/one',
    url: 'http://127.0.0.1:1/mcp',
    restart: 'always',
    async start() {
      starts += 1;
      return {
        ended: starts === 1 ? Promise.resolve('the engine is gone') : new Promise<string>(() => {}),
        [Symbol.asyncDispose]: () => Promise.reject(new Error('nobody answers')),
      };
    },
  } as const;
  const times = { firstMs: 1, longestMs: 1, healthyMs: 1_000 };
  const workload = await keepRunning(kept, { log, times });
  await until(() => starts === 2 && workload.failure === undefined);
  await workload[Symbol.asyncDispose]();
  assert.equal(
    logged.filter((line) => line.includes('could not be removed') && line.includes('nobody answers')).length,
    2,
  );
});
