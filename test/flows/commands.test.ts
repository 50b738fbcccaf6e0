import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callMcp } from '../../src/demo/call-mcp.ts';
import { findFreePort } from '../../src/lib/find-free-port.ts';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { startProgram, type StartedProgram } from '../kit/run-program.ts';
import { startScenario, testPorts, type Scenario } from '../kit/start-scenario.ts';

const usher = [process.execPath, fileURLToPath(new URL('../../bin/usher.js', import.meta.url))];
const examples = fileURLToPath(new URL('../../examples/countries', import.meta.url));

/** The scenario's commands as a person types them, each in front of the real countries server. */
describe("the scenario's commands", () => {
  let scenario: Scenario;
  let folder: string;
  let port: number;
  let callerToken: string;

  before(async () => {
    scenario = await startScenario();
    folder = await mkdtemp(join(tmpdir(), 'usher-commands-'));
    await writeFile(join(folder, 'secret'), 'gateway-development-secret\n', { mode: 0o600 });
    port = await findFreePort(testPorts.gateway + 10);
    callerToken = await scenario.signIn();
  });
  after(async () => {
    await scenario[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function server(id: string) {
    const found = scenario.idp.servers.find((one) => one.id === id);
    assert.ok(found);
    return found;
  }

  function authFlags(): string[] {
    const [mcpserver, backend] = [server('mcpserver'), server('backend')];
    return [
      ['--oidc-audience', 'mcpserver'],
      ['--resource-url', `http://localhost:${port}/mcp`],
      ['--oidc-issuer', mcpserver.issuer],
      ['--oidc-jwks-url', mcpserver.jwksUrl],
      ['--token-exchange-audience', 'backend'],
      ['--token-exchange-client-id', 'gateway'],
      ['--token-exchange-scopes', 'backend-api:read'],
      ['--token-exchange-url', backend.tokenUrl],
      ['--ca-file', scenario.idp.caFile],
    ].flat();
  }

  async function assertServes(program: StartedProgram, path = '/mcp'): Promise<AuditRecord> {
    await program.said(`:${port}${path}`);
    const linesBefore = scenario.apiLines.length;
    const answer = await callMcp(`http://localhost:${port}${path}`, callerToken, 'tools/call', {
      name: 'GetCountry',
      arguments: { code: 'CZ' },
    });
    assert.match(JSON.stringify(answer.result), /Prague/, program.output().stderr);
    await program.said('"tool":"GetCountry"');
    const line =
      program
        .output()
        .stdout.split('\n')
        .find((one) => one.includes('"tool":"GetCountry"')) ?? '';
    const record: AuditRecord = JSON.parse(line);
    assert.equal(record.exchanged?.aud, 'backend');
    assert.equal(record.exchanged?.sub, 'alice@example.com');
    // A command that is run has an API of the scenario behind it as well.
    assert.ok(scenario.apiLines.slice(linesBefore).some((one) => one.includes(record.exchanged?.jti ?? 'none')));
    return record;
  }

  async function assertStops(program: StartedProgram): Promise<void> {
    program.child.kill('SIGTERM');
    assert.equal(await program.exited, 0, program.output().stderr);
  }

  test('usher run with a command – runs it, validates, exchanges, forwards; ends it with itself', async () => {
    const targetPort = await findFreePort(testPorts.mcpServer + 5);
    const environment = {
      OKTA_ISSUER: server('backend').issuer,
      NODE_EXTRA_CA_CERTS: scenario.idp.caFile,
      COUNTRIES_DIR: examples,
      COUNTRIES_API_URL: scenario.apiUrl,
      COUNTRIES_MCP_PORT: String(targetPort),
      COUNTRIES_MCP_RESOURCE: `http://127.0.0.1:${targetPort}/mcp`,
    };
    const command = [
      ...usher,
      'run',
      '--transport',
      'streamable-http',
      '--name',
      'apollo',
      '--target-port',
      String(targetPort),
      '--proxy-port',
      String(port),
      ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...authFlags(),
      '--token-exchange-client-secret',
      'gateway-development-secret',
      '--debug',
      '--foreground',
      '--audit-file',
      '-',
      '--',
      process.execPath,
      join(examples, 'mcp/main.ts'),
      join(examples, 'apollo-mcp-config.yaml'),
    ];
    await using program = startProgram(command, { env: { HOME: folder } });
    await assertServes(program);
    await assertStops(program);
    await assert.rejects(fetch(`http://127.0.0.1:${targetPort}/mcp`));
    assert.ok(!program.output().stderr.includes('gateway-development-secret'));
  });

  test('usher run with a URL – fronts it', async () => {
    const secret = join(folder, 'secret');
    await using program = startProgram(
      [
        ...usher,
        'run',
        '--foreground',
        '--name',
        'apollo',
        '--proxy-port',
        String(port),
        ...authFlags(),
        '--token-exchange-client-secret-file',
        secret,
        scenario.mcpServerUrl,
      ],
      { env: { HOME: folder } },
    );
    const record = await assertServes(program);
    assert.equal(record.server, 'apollo');
    await assertStops(program);
  });

  test('usher proxy with the secret in the environment name people bring along – fronts it', async () => {
    const target = new URL(scenario.mcpServerUrl).origin;
    await using program = startProgram(
      [...usher, 'proxy', 'demo-mcp-server', '--target-uri', target, '--port', String(port), ...authFlags()],
      {
        env: { HOME: folder, TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET: 'gateway-development-secret' },
      },
    );
    const record = await assertServes(program);
    assert.equal(record.server, 'demo-mcp-server');
    await assertStops(program);
  });

  test('usher serve – several servers behind one listener, each with its own path, issuer and exchange', async () => {
    const [mcpserver, backend] = [server('mcpserver'), server('backend')];
    const file = join(folder, 'usher.yaml');
    const auditFile = join(folder, 'audit.jsonl');
    await writeFile(
      file,
      `listen: { port: ${port} }
caFile: ${scenario.idp.caFile}
audit: { file: ${auditFile} }
servers:
  countries:
    path: /countries/mcp
    authenticate:
      - { issuer: ${mcpserver.issuer}, audience: mcpserver }
    policy: { required: ['mcp:tools:call'] }
    credential:
      strategy: token-exchange
      url: ${backend.tokenUrl}
      clientId: gateway
      clientSecretFile: ./secret
      audience: backend
      scopes: backend-api:read
    upstream: { url: ${scenario.mcpServerUrl} }
  inner:
    path: /inner/mcp
    authenticate:
      - { issuer: ${backend.issuer}, audience: backend }
    upstream: { url: ${scenario.mcpServerUrl} }
`,
    );
    await using program = startProgram([...usher, 'serve', '-f', file], { env: { HOME: folder } });
    await program.said('/inner/mcp');
    const call = (path: string) =>
      callMcp(`http://localhost:${port}${path}`, callerToken, 'tools/call', {
        name: 'GetCountry',
        arguments: { code: 'SE' },
      });
    assert.match(JSON.stringify((await call('/countries/mcp')).result), /Stockholm/);
    const refused = await call('/inner/mcp');
    assert.equal(refused.status, 401);
    assert.equal(refused.errorCode, 'issuer_mismatch');
    assert.match(refused.challenge ?? '', /oauth-protected-resource\/inner\/mcp"/);
    await assertStops(program);
    const lines = (await readFile(auditFile, 'utf8')).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).server),
      ['countries', 'inner'],
    );
  });
});
