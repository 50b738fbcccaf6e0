import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { startScenario } from '../kit/start-scenario.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';

const countries = fileURLToPath(new URL('../../examples/countries', import.meta.url));

test('the scenario with its MCP server over stdin and stdout – the API hears the user, by the exchanged token', async () => {
  await using scenario = await startScenario();
  const { idp, apiUrl } = scenario;
  const [mcpserver, backend] = ['mcpserver', 'backend'].map((id) => idp.servers.find((one) => one.id === id));
  const app = idp.apps.find(({ clientId }) => clientId === 'gateway');
  await using gateway = await startTestGateway(
    {
      countries: {
        authenticate: [{ strategy: 'jwt', issuer: mcpserver?.issuer ?? '', audience: [mcpserver?.audience ?? ''] }],
        policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
        credential: {
          strategy: 'token-exchange',
          url: backend?.tokenUrl ?? '',
          clientId: 'gateway',
          clientSecret: new Secret(app?.clientSecret ?? ''),
          audience: [backend?.audience ?? ''],
          scopes: ['backend-api:read'],
        },
        upstream: {
          strategy: 'process',
          transport: 'stdio',
          command: [
            process.execPath,
            join(countries, 'mcp/main.ts'),
            join(countries, 'apollo-mcp-config.yaml'),
            '--stdio',
          ],
          userTokenEnv: 'API_TOKEN',
          env: { COUNTRIES_DIR: countries, COUNTRIES_API_URL: apiUrl, NODE_EXTRA_CA_CERTS: idp.caFile },
        },
      },
    },
    { config: { caFile: idp.caFile } },
  );
  const callerToken = await scenario.signIn();
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: 'GetCountry', arguments: { code: 'CZ' }, _meta };
  const response = await post(
    gateway.mcpUrl,
    callerToken,
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'GetCountry' },
  );
  assert.match(await response.text(), /Prague/);
  const validated = scenario.apiLines.filter((line) => line.includes('token.validated'));
  assert.equal(validated.length, 1);
  assert.match(
    validated[0] ?? '',
    /"aud":"backend".*"sub":"alice@example.com"|"sub":"alice@example.com".*"aud":"backend"/,
  );
  const [record] = await gateway.records();
  assert.equal(record?.what.upstream?.startsWith('stdio:'), true);
  assert.equal(record?.exchanged?.sub, 'alice@example.com');
});
