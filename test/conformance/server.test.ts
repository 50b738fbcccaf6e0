import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runConformance } from '../kit/run-conformance.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { startTokenShim } from '../kit/start-token-shim.ts';
import { startFixture } from './fixture/start-fixture.ts';

/** What the suite has for each version; docs/explain/conformance.md says the same. */
const versions = [
  { version: '2026-07-28', scenarios: 40, passed: 152 },
  { version: '2025-11-25', scenarios: 33, passed: 84 },
  { version: '2025-06-18', scenarios: 27, passed: 56 },
];
/** One run of a healthy suite takes 3 s. */
const runMs = 25_000;

for (const { version, scenarios, passed } of versions) {
  await test(`server suite ${version} – through the gateway, with exchanged tokens – as directly, in every check`, async () => {
    await using fixture = await startFixture();
    await using issuer = await startIssuer();
    await using shim = await startTokenShim();
    await using gateway = await startTestGateway({
      fixture: exchangingServer(issuer, fixture, { resourceUrl: `${shim.url}/mcp` }),
    });
    const callerToken = await issuer.sign();
    shim.aim(new URL(gateway.mcpUrl).origin, callerToken);

    const direct = await runConformance(`${fixture.url}/mcp`, version, runMs);
    assert.deepEqual([direct.passed, direct.failed], [passed, 0], direct.said);
    assert.equal(Object.keys(direct.scenarios).length, scenarios);
    assert.deepEqual([...fixture.credentials], [undefined]);

    fixture.credentials.clear();
    const through = await runConformance(`${shim.url}/mcp`, version, runMs);
    assert.deepEqual(through.scenarios, direct.scenarios);
    const [credential, ...others] = fixture.credentials;
    assert.match(credential ?? 'none', /^Bearer /);
    assert.notEqual(credential, `Bearer ${callerToken}`);
    assert.deepEqual(others, [], 'everything came with the one exchanged token');
    assert.deepEqual(fixture.problems, []);
  });
}
