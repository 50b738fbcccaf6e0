import assert from 'node:assert/strict';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callMcp } from '../../src/demo/call-mcp.ts';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import { freePort } from '../kit/free-port.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { startUsher } from '../kit/run-usher.ts';
import { type Scenario, startScenario } from '../kit/start-scenario.ts';
import { buildImage, engineUrl, findBridge, listContainers, nodeImage, skip } from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

const examples = fileURLToPath(new URL('../../examples/countries', import.meta.url));

/** The server of the example. The provider's issuer is https://localhost:…, which in a container is the container: there it
 * is led to this machine.
 */
const entry = `
import { connect, createServer } from 'node:net';
const port = Number(new URL(process.env.OKTA_ISSUER).port);
createServer((socket) => {
  const other = connect(port, 'host.docker.internal');
  socket.pipe(other).pipe(socket);
  for (const one of [socket, other]) one.on('error', () => { socket.destroy(); other.destroy(); });
}).listen(port, '127.0.0.1');
await import('/app/mcp/main.js');
`;

/** Lets containers reach what listens on the loopback address of this machine, at the bridge's. */
async function forwardToLoopback(context: TestContext, port: number): Promise<void> {
  const host = await findBridge(context);
  const server = createServer((socket) => {
    const other = connect(port, '127.0.0.1');
    socket.pipe(other).pipe(socket);
    for (const one of [socket, other])
      one.on('error', () => {
        socket.destroy();
        other.destroy();
      });
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  context.after(() => server.close());
}

/** What both ways to run the MCP server of the scenario in a container say of it. */
async function prepare(context: TestContext, scenario: Scenario) {
  const [mcpserver, backend] = ['mcpserver', 'backend'].map((id) => scenario.idp.servers.find((one) => one.id === id));
  const gatewayApp = scenario.idp.apps.find(({ clientId }) => clientId === 'gateway');
  assert.ok(mcpserver !== undefined && backend !== undefined);
  const apiPort = Number(new URL(scenario.apiUrl).port);
  // Of the provider, for its owner alone; in a container it is read by another user.
  const folder = await mkdtemp(join(tmpdir(), 'usher-ca-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const caFile = join(folder, 'ca.pem');
  await copyFile(scenario.idp.caFile, caFile);
  await chmod(caFile, 0o644);
  await forwardToLoopback(context, apiPort);
  await forwardToLoopback(context, Number(new URL(backend.issuer).port));
  const image = await buildImage(
    context,
    'countries:1',
    [`FROM ${nodeImage}`, 'COPY entry.mjs /app/entry.mjs', 'ENTRYPOINT ["/usr/bin/node", "/app/entry.mjs"]'],
    { 'entry.mjs': entry },
  );
  const port = await freePort();
  const mcpUrl = `http://localhost:${port}/mcp`;
  return {
    mcpserver,
    backend,
    clientSecret: gatewayApp?.clientSecret ?? '',
    folder,
    image,
    port,
    mcpUrl,
    variables: {
      COUNTRIES_DIR: '/data',
      COUNTRIES_API_URL: `http://host.docker.internal:${apiPort}/`,
      COUNTRIES_MCP_ADDRESS: '0.0.0.0',
      COUNTRIES_MCP_RESOURCE: mcpUrl,
      OKTA_ISSUER: backend.issuer,
      OKTA_AUDIENCE: backend.audience,
      REQUIRED_SCOPES: 'backend-api:read',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
    },
    volumes: [`${examples}/apollo-mcp-config.yaml:/config.yaml`, `${examples}:/data`, `${caFile}:/ca.pem:ro`],
  };
}

/** A person signs in and calls a tool: it answers, and the API was asked with their exchanged token. */
async function callAsPerson(scenario: Scenario, mcpUrl: string): Promise<void> {
  const [user] = scenario.idp.users;
  const { callerToken } = await signInUser({
    mcpUrl,
    clientId: 'demo',
    redirectUri: 'http://127.0.0.1:33333/callback',
    username: user?.login ?? '',
    password: user?.password ?? '',
    caFile: scenario.idp.caFile,
  });
  const called = await callMcp(mcpUrl, callerToken, 'tools/call', { name: 'GetCountry', arguments: { code: 'CZ' } });
  assert.match(JSON.stringify(called.result), /Prague/);
  assert.ok(
    scenario.apiLines.some((line) => line.includes('"aud":"backend"') && line.includes('"sub":"alice@example.com"')),
  );
}

test(
  'the scenario with the MCP server in a container – usher run IMAGE -- /config.yaml, the API gets the exchanged token',
  { skip },
  async (context) => {
    await using scenario = await startScenario();
    const { mcpserver, backend, clientSecret, image, port, mcpUrl, variables, volumes } = await prepare(
      context,
      scenario,
    );
    const flags: Readonly<Record<string, readonly string[]>> = {
      'proxy-port': [`${port}`],
      volume: volumes,
      env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      engine: [engineUrl],
      'ca-file': [scenario.idp.caFile],
      'resource-url': [mcpUrl],
      'oidc-issuer': [mcpserver.issuer],
      'oidc-audience': [mcpserver.audience],
      'oidc-scopes': ['mcp:tools:call'],
      'token-exchange-url': [backend.tokenUrl],
      'token-exchange-audience': [backend.audience],
      'token-exchange-client-id': ['gateway'],
      'token-exchange-client-secret': [clientSecret],
      'token-exchange-scopes': ['backend-api:read'],
    };
    const child = startUsher(
      context,
      [
        ...'run --transport streamable-http --name apollo --target-port 8000 --foreground'.split(' '),
        ...Object.entries(flags).flatMap(([name, values]) => values.flatMap((value) => [`--${name}`, value])),
        image,
        '--',
        '/config.yaml',
      ],
      {},
    );
    let said = '';
    child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
    await until(() => said.includes('Usher listens on') || child.exitCode !== null, 40_000).catch(() => {
      throw new Error(said);
    });
    assert.equal(child.exitCode, null, said);
    assert.match(said, /the container of localhost\/usher-test\/countries:1 with 1 argument/);
    await callAsPerson(scenario, mcpUrl);
    assert.equal((await listContainers('apollo')).length, 1);
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null, 20_000);
    assert.equal(child.exitCode, 0, said);
    assert.deepEqual(await listContainers('apollo'), []);
  },
);

test(
  'the same from a run configuration of ToolHive – usher import, usher start, the API gets the exchanged token',
  { skip },
  async (context) => {
    await using scenario = await startScenario();
    const machine = makeMachine(context, { USHER_SECRETS_KEY: 'file' });
    const { mcpserver, backend, clientSecret, folder, image, port, mcpUrl, variables, volumes } = await prepare(
      context,
      scenario,
    );
    const config = {
      schema_version: 'v0.1.0',
      image,
      cmd_args: ['/config.yaml'],
      name: 'imported',
      container_name: 'imported',
      base_name: 'imported',
      transport: 'streamable-http',
      host: '127.0.0.1',
      port,
      target_port: 8000,
      target_host: '127.0.0.1',
      permission_profile_name_or_path: 'network',
      permission_profile: { name: 'network', network: { outbound: { insecure_allow_all: true } } },
      env_vars: { ...variables, MCP_TRANSPORT: 'streamable-http', MCP_PORT: '8000', FASTMCP_PORT: '8000' },
      volumes,
      oidc_config: {
        Issuer: mcpserver.issuer,
        Audience: mcpserver.audience,
        CACertPath: scenario.idp.caFile,
        ResourceURL: mcpUrl,
        Scopes: ['mcp:tools:call'],
      },
      token_exchange_config: {
        token_url: backend.tokenUrl,
        client_id: 'gateway',
        client_secret: clientSecret,
        audience: backend.audience,
        scopes: ['backend-api:read'],
      },
      isolate_network: true,
      group: 'default',
    };
    const file = join(folder, 'run-config.json');
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    const imported = await machine.usher(['import', file, '--yes', '--engine', engineUrl]);
    assert.equal(imported.code, 0, imported.stderr);
    const started = await machine.usher(['start', 'imported']);
    assert.equal(started.code, 0, started.stderr);
    await callAsPerson(scenario, mcpUrl);
    assert.equal((await listContainers('imported')).length, 1);
    const stopped = await machine.usher(['stop', 'imported']);
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.deepEqual(await listContainers('imported'), []);
  },
);
