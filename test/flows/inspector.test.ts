import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../kit/run-program.ts';
import { startScenario } from '../kit/start-scenario.ts';

const inspector = fileURLToPath(new URL('../clients/node_modules/.bin/mcp-inspector', import.meta.url));
const skip = existsSync(inspector) ? false : 'no test clients';

async function inspect(url: string, callerToken: string, ...more: string[]) {
  const home = await mkdtemp(join(tmpdir(), 'usher-inspector-'));
  try {
    const command = [
      process.execPath,
      inspector,
      '--cli',
      url,
      '--transport',
      'http',
      ...more,
      '--header',
      `Authorization: Bearer ${callerToken}`,
    ];
    return await runProgram(command, { env: { HOME: home, MCP_INSPECTOR_SECRET_STORE: 'memory' } });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

test('the MCP Inspector with a bearer token – lists the tools and calls one', { skip }, async () => {
  await using scenario = await startScenario();
  const callerToken = await scenario.signIn();
  const listed = await inspect(scenario.mcpUrl, callerToken, '--method', 'tools/list');
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, /GetEuropeanCountries/);
  const called = await inspect(
    scenario.mcpUrl,
    callerToken,
    '--method',
    'tools/call',
    '--tool-name',
    'GetCountry',
    '--tool-arg',
    'code=CZ',
  );
  assert.equal(called.code, 0, called.stderr);
  assert.match(called.stdout, /Prague/);
});

test('the MCP Inspector with a token for something else – fails, and the API hears nothing', { skip }, async () => {
  await using scenario = await startScenario();
  const linesBefore = scenario.apiLines.length;
  const called = await inspect(scenario.mcpUrl, 'eyJhbGciOiJub25lIn0.e30.', '--method', 'tools/list');
  assert.notEqual(called.code, 0);
  assert.equal(scenario.apiLines.length, linesBefore);
  const [record] = await scenario.records();
  assert.equal(record?.code, 'issuer_mismatch');
});
