import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runConformance } from '../kit/run-conformance.ts';
import { startTaskServer } from './fixture/start-task-server.ts';
import { assertExchanged, startThrough } from './start-through.ts';

/** Of the tasks extension, each to be asked for by name; the suite has no checks for notifications yet. */
const taskScenarios = [
  { name: 'tasks-lifecycle', passed: 9 },
  { name: 'tasks-capability-negotiation', passed: 5 },
  { name: 'tasks-wire-fields', passed: 4 },
  { name: 'tasks-request-state-removal', passed: 3 },
  { name: 'tasks-mrtr-input', passed: 4 },
  { name: 'tasks-request-headers', passed: 5 },
  { name: 'tasks-dispatch-and-envelope', passed: 9 },
  { name: 'tasks-required-task-error', passed: 3 },
  { name: 'tasks-mrtr-composition', passed: 2 },
];
/** A healthy run takes 1 s. */
const runMs = 25_000;

for (const { name, passed } of taskScenarios) {
  await test(`server suite ${name} – through the gateway – as directly, in every check`, async () => {
    await using server = await startTaskServer();
    await using through = await startThrough(server);
    const direct = await runConformance(`${server.url}/mcp`, ['--scenario', name], runMs);
    assert.deepEqual([direct.passed, direct.failed], [passed, 0], direct.said);

    server.seen.length = 0;
    const { scenarios: found } = await runConformance(through.url, ['--scenario', name], runMs);
    assert.deepEqual(found, direct.scenarios);
    assertExchanged(
      server.seen.map(({ headers }) => headers.authorization),
      through.callerToken,
    );
  });
}
