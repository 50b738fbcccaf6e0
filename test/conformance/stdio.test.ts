import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runConformance } from '../kit/run-conformance.ts';
import { startThrough } from './start-through.ts';

const program = fileURLToPath(new URL('fixture/serve-stdio.ts', import.meta.url));

/** What the suite has for each version; docs/explain/conformance.md says the same. */
const versions = [
  { version: '2026-07-28', scenarios: 40, passed: 152 },
  { version: '2025-11-25', scenarios: 33, passed: 80 },
  { version: '2025-03-26', scenarios: 1, passed: 3 },
];
/** Each session of the older versions is a process. */
const runMs = 120_000;

for (const { version, scenarios, passed } of versions) {
  await test(`server suite ${version} – a server over stdin and stdout, each user with a token of their own – passes`, async () => {
    await using through = await startThrough(
      { url: '' },
      {
        upstream: {
          strategy: 'process',
          transport: 'stdio',
          command: [process.execPath, program],
          userTokenEnv: 'API_TOKEN',
        },
      },
    );
    const found = await runConformance(through.url, ['--suite', 'all', '--spec-version', version], runMs);
    const failures = Object.values(found.scenarios).flatMap((checks) =>
      checks.filter((one) => one.includes(' FAILURE')),
    );
    assert.deepEqual(failures, []);
    assert.equal(found.passed, passed, found.said);
    assert.equal(Object.keys(found.scenarios).length, scenarios);
  });
}
