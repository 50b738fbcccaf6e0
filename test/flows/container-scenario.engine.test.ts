import assert from 'node:assert/strict';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callMcp } from '../../src/demo/call-mcp.ts';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import { freePort } from '../kit/free-port.ts';
import { startUsher } from '../kit/run-usher.ts';
import { startScenario } from '../kit/start-scenario.ts';
import { askEngine, buildImage, engineUrl, listContainers, nodeImage, skip } from '../kit/test-engine.ts';
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
  const { body } = await askEngine<{ IPAM: { Config: { Gateway: string }[] } }>('GET', '/networks/bridge');
  const server = createServer((socket) => {
    const other = connect(port, '127.0.0.1');
    socket.pipe(other).pipe(socket);
    for (const one of [socket, other])
      one.on('error', () => {
        socket.destroy();
        other.destroy();
      });
  });
  await new Promise<void>((resolve) => server.listen(port, body.IPAM.Config[0]?.Gateway, resolve));
  context.after(() => server.close());
}

test(
  'the scenario with the MCP server in a container – usher run IMAGE -- /config.yaml, the API gets the exchanged token',
  { skip },
  async (context) => {
    await using scenario = await startScenario();
    const [mcpserver, backend] = ['mcpserver', 'backend'].map((id) =>
      scenario.idp.servers.find((one) => one.id === id),
    );
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
    const variables = {
      COUNTRIES_DIR: '/data',
      COUNTRIES_API_URL: `http://host.docker.internal:${apiPort}/`,
      COUNTRIES_MCP_ADDRESS: '0.0.0.0',
      COUNTRIES_MCP_RESOURCE: `http://localhost:${port}/mcp`,
      OKTA_ISSUER: backend.issuer,
      OKTA_AUDIENCE: backend.audience,
      REQUIRED_SCOPES: 'backend-api:read',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
    };
    const flags: Readonly<Record<string, readonly string[]>> = {
      'proxy-port': [`${port}`],
      volume: [`${examples}/apollo-mcp-config.yaml:/config.yaml`, `${examples}:/data`, `${caFile}:/ca.pem:ro`],
      env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      engine: [engineUrl],
      'ca-file': [scenario.idp.caFile],
      'resource-url': [`http://localhost:${port}/mcp`],
      'oidc-issuer': [mcpserver.issuer],
      'oidc-audience': [mcpserver.audience],
      'oidc-scopes': ['mcp:tools:call'],
      'token-exchange-url': [backend.tokenUrl],
      'token-exchange-audience': [backend.audience],
      'token-exchange-client-id': ['gateway'],
      'token-exchange-client-secret': [gatewayApp?.clientSecret ?? ''],
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
    const mcpUrl = `http://localhost:${port}/mcp`;
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
    assert.equal((await listContainers('apollo')).length, 1);
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null, 20_000);
    assert.equal(child.exitCode, 0, said);
    assert.deepEqual(await listContainers('apollo'), []);
  },
);
