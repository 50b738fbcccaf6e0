import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runConformance } from '../kit/run-conformance.ts';
import { startFixture } from './fixture/start-fixture.ts';
import { assertExchanged, startThrough } from './start-through.ts';

/** What the suite has for each version; docs/explain/conformance.md says the same. */
const versions = [
  { version: '2026-07-28', scenarios: 40, passed: 152 },
  { version: '2025-11-25', scenarios: 33, passed: 84 },
  { version: '2025-06-18', scenarios: 27, passed: 56 },
  { version: '2025-03-26', scenarios: 1, passed: 3 },
];
/** A healthy run takes 3 s. */
const runMs = 25_000;

for (const { version, scenarios, passed } of versions) {
  await test(`server suite ${version} – through the gateway, with exchanged tokens – as directly, in every check`, async () => {
    await using fixture = await startFixture();
    await using through = await startThrough(fixture);
    const selection = ['--suite', 'all', '--spec-version', version];
    const direct = await runConformance(`${fixture.url}/mcp`, selection, runMs);
    assert.deepEqual([direct.passed, direct.failed], [passed, 0], direct.said);
    assert.equal(Object.keys(direct.scenarios).length, scenarios);

    fixture.credentials.clear();
    const { scenarios: found } = await runConformance(through.url, selection, runMs);
    assert.deepEqual(found, direct.scenarios);
    assertExchanged(fixture.credentials, through.callerToken);
    assert.deepEqual(fixture.problems, []);
  });
}
