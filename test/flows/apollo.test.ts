import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { startScenario } from '../kit/start-scenario.ts';
import { callMcp } from '../../src/demo/call-mcp.ts';

const command = 'apollo-mcp-server';
const skip = isOnPath() ? false : `no ${command} on PATH`;

function isOnPath(): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test(
  'the scenario with apollo-mcp-server – the same configuration file, the same user at the API',
  { skip },
  async () => {
    await using scenario = await startScenario({ mcpServer: command });
    const callerToken = await scenario.signIn();
    const listed = await callMcp(scenario.mcpUrl, callerToken, 'tools/list');
    assert.match(JSON.stringify(listed.result), /GetCountriesByContinent/);
    const called = await callMcp(scenario.mcpUrl, callerToken, 'tools/call', {
      name: 'GetCountry',
      arguments: { code: 'CZ' },
    });
    assert.match(JSON.stringify(called.result), /Prague/);
    assert.ok(
      scenario.apiLines.some((line) => line.includes('"aud":"backend"') && line.includes('"sub":"alice@example.com"')),
    );
    const record = (await scenario.records()).find((one) => one.what.tool === 'GetCountry');
    assert.equal(record?.exchanged?.aud, 'backend');
  },
);

test(
  'calls in turn at apollo-mcp-server, which answers in small pieces – none waits 40 ms for it',
  { skip },
  async () => {
    await using scenario = await startScenario({ mcpServer: command });
    const callerToken = await scenario.signIn();
    const tookMs: number[] = [];
    for (let call = 0; call < 40; call += 1) {
      const startedAtMs = performance.now();
      await callMcp(scenario.mcpUrl, callerToken, 'tools/call', { name: 'GetCountry', arguments: { code: 'CZ' } });
      tookMs.push(performance.now() - startedAtMs);
    }
    // The first ones show that it stalls.
    const [median = 0] = tookMs
      .slice(-21)
      .toSorted((one, other) => one - other)
      .slice(10);
    assert.ok(median < 36, `median ${median.toFixed(1)} ms`);
  },
);
