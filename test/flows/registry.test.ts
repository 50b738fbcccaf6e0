import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { freePort } from '../kit/free-port.ts';
import { runUsher, startUsher } from '../kit/run-usher.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { npmPackage, serverJson, startMcpRegistry } from '../kit/start-mcp-registry.ts';
import { startNpmRegistry, type TestPackage } from '../kit/start-npm-registry.ts';
import { pingModern } from '../kit/stdio-client.ts';
import { until } from '../kit/until.ts';

const program = `#!/usr/bin/env node
require('node:http').createServer((request, response) => {
  const result = { args: process.argv.slice(2), level: process.env.LEVEL, unit: process.env.UNIT };
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
}).listen(process.argv[2], '127.0.0.1');
`;
/** The same of today, over its standard streams: says of each call what it was started with. */
const stdioProgram = `#!/usr/bin/env node
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  const result = method === 'server/discover'
    ? { supportedVersions: ['2026-07-28'], capabilities: {}, resultType: 'complete' }
    : { args: process.argv.slice(2), unit: process.env.UNIT, resultType: 'complete' };
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
}).on('close', () => process.exit(0));
`;
const weather: TestPackage = {
  manifest: { name: '@acme/usher-test-server', version: '1.0.0', bin: { server: 'server.js' } },
  files: { 'server.js': program },
};

/** An entry of a registry that runs the package above at this port. */
function entryOf(port: number, change: Readonly<Record<string, unknown>> = {}, moreEnv: readonly object[] = []) {
  const packages = [
    npmPackage({
      transport: { type: 'streamable-http', url: `http://127.0.0.1:${port}/mcp` },
      packageArguments: [{ type: 'positional', value: `${port}` }],
      environmentVariables: [
        { name: 'LEVEL', value: 'high' },
        { name: 'UNIT', description: 'Of temperatures', isRequired: true },
        ...moreEnv,
      ],
    }),
  ];
  return serverJson({ packages, ...change });
}

async function prepare(context: TestContext, npmPackages = [weather]) {
  const home = await mkdtemp(join(tmpdir(), 'usher-registry-'));
  context.after(() => rm(home, { recursive: true, force: true }));
  const npm = await startNpmRegistry(context, npmPackages);
  const [port, targetPort] = [await freePort(), await freePort()];
  const servers: Parameters<typeof startMcpRegistry>[1] = [entryOf(targetPort)];
  const registry = await startMcpRegistry(context, servers);
  const env = { HOME: home, npm_config_registry: npm.url, USHER_REGISTRY: registry.url };
  const common = ['--anonymous', '--port', `${port}`, '--audit-file', join(home, 'audit.jsonl')];
  return {
    home,
    npm,
    servers,
    registry,
    usher: (...args: string[]) => runUsher(context, args, { env }),
    run: (...args: string[]) => runUsher(context, ['run', '--foreground', ...common, ...args], { env }),
    async serve(...args: string[]) {
      const child = startUsher(context, ['run', '--foreground', ...common, ...args], { env });
      let [stderr, text] = ['', ''];
      child.stderr?.setEncoding('utf8').on('data', (more: string) => (stderr += more));
      await until(async () => {
        if (child.exitCode !== null) throw new Error(stderr);
        const response = await pingModern(`http://127.0.0.1:${port}/mcp`).catch(() => undefined);
        if (response?.status === 200) text = await response.text();
        return text !== '';
      }, 60_000);
      child.kill('SIGTERM');
      await until(() => child.exitCode !== null);
      return { result: JSON.parse(text).result, stderr };
    },
  };
}

test('usher run NAME – a server of a registry – runs what the entry says, after somebody agreed, with what the command line adds', async (context) => {
  const lab = await prepare(context);
  const refused = await lab.run('--env', 'UNIT=C', 'weather');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /runs   the package npx:@acme\/usher-test-server@1\.0\.0/);
  assert.match(refused.stderr, /Nobody agreed to running io\.github\.acme\/weather 1\.0\.0 of http:/);
  assert.deepEqual(lab.npm.seen, [], 'nothing is fetched before');

  const { result, stderr } = await lab.serve('--yes', '--env', 'UNIT=C', 'weather', '--', 'more', '$(id)');
  assert.deepEqual(result.args.slice(1), ['more', '$(id)']);
  assert.deepEqual([result.level, result.unit], ['high', 'C']);
  assert.match(stderr, /sets   LEVEL=high/);

  const again = await lab.serve('--env', 'UNIT=C', 'io.github.acme/weather');
  assert.doesNotMatch(again.stderr, /runs   the package/, 'it is not asked twice');
});

test('usher run NAME – a package that speaks over its standard streams – is put behind HTTP, with the variables people give it', async (context) => {
  const lab = await prepare(context, [{ ...weather, files: { 'server.js': stdioProgram } }]);
  const environmentVariables = [{ name: 'UNIT', isRequired: true }];
  const packages = [npmPackage({ transport: { type: 'stdio' }, environmentVariables })];
  lab.servers[0] = serverJson({ packages });
  const { result, stderr } = await lab.serve('--yes', '--env', 'UNIT=C', 'weather', '--', 'more');
  assert.deepEqual(result, { args: ['more'], unit: 'C', resultType: 'complete' });
  assert.match(stderr, /speaks MCP over its standard streams/);
  assert.match(stderr, /server +stdio:/);
});

test('usher run NAME – a variable only people can say – is not set unless they do, whatever the entry says; needed, it is asked for', async (context) => {
  const script = stdioProgram.replaceAll('process.env.UNIT', 'process.env.KUBECONFIG');
  const lab = await prepare(context, [{ ...weather, files: { 'server.js': script } }]);
  const write = (more: object) => {
    const environmentVariables = [{ name: 'KUBECONFIG', ...more }];
    lab.servers[0] = serverJson({ packages: [npmPackage({ transport: { type: 'stdio' }, environmentVariables })] });
  };
  write({ default: '/etc/shared.yaml' });
  const without = await lab.serve('--yes', 'weather', '--', 'more');
  assert.deepEqual(without.result, { args: ['more'], resultType: 'complete' });
  assert.match(without.stderr, /takes  KUBECONFIG \(--env\); what the entry says, \/etc\/shared\.yaml, is not taken/);
  const given = await lab.serve('--env', 'KUBECONFIG=/home/me.yaml', 'weather', '--', 'more');
  assert.deepEqual(given.result, { args: ['more'], unit: '/home/me.yaml', resultType: 'complete' });
  write({ isRequired: true });
  const { code, stderr } = await lab.run('--yes', 'weather');
  assert.equal(code, 2);
  assert.match(stderr, /KUBECONFIG/);
});

test('usher run NAME – an entry that changed since it was agreed to – asks again, and says whether its version did', async (context) => {
  const lab = await prepare(context);
  await lab.serve('--yes', '--env', 'UNIT=C', 'weather');
  const [before] = lab.servers;
  lab.servers[0] = { ...entryOf(1), description: 'Weather and more' };
  const changed = await lab.run('--env', 'UNIT=C', 'weather');
  assert.equal(changed.code, 2);
  assert.match(changed.stderr, /warning: .* it is not what you agreed to, though it is still called 1\.0\.0/);
  lab.servers[0] = { ...entryOf(1), version: '1.1.0' };
  const newer = await lab.run('--env', 'UNIT=C', 'weather');
  assert.equal(newer.code, 2);
  assert.match(newer.stderr, /you agreed to another version of it/);
  if (before !== undefined) lab.servers[0] = before;
  await lab.serve('--env', 'UNIT=C', 'weather');
});

test('usher run NAME – what the entry needs is not given – is one report, before anybody is asked', async (context) => {
  const lab = await prepare(context);
  const { code, stderr } = await lab.run('weather');
  assert.equal(code, 2);
  assert.match(stderr, /--env: lacks UNIT, which weather needs: Of temperatures/);
  assert.doesNotMatch(stderr, /runs   the package/);
});

test('usher run NAME – a secret the entry needs – may come from the secret store, and is told apart from what may be seen', async (context) => {
  const lab = await prepare(context);
  lab.servers[0] = entryOf(1, {}, [{ name: 'API_KEY', isRequired: true, isSecret: true }]);
  const lacking = await lab.run('--env', 'UNIT=C', 'weather');
  assert.match(lacking.stderr, /--secret: lacks API_KEY, which weather needs/);
  const given = await lab.run('--env', 'UNIT=C', '--secret', 'key,target=API_KEY', 'weather');
  assert.doesNotMatch(given.stderr, /lacks API_KEY/);
});

test('usher run NAME – a variable the entry has a value for – is what people set it to, from the secret store and in a file as well', async (context) => {
  const lab = await prepare(context);
  const environmentVariables = [{ name: 'LEVEL', default: 'high' }];
  const transport = { type: 'streamable-http', url: 'http://127.0.0.1:8080/mcp' };
  const image = { registryType: 'oci', identifier: 'ghcr.io/acme/weather:1.0.0', version: undefined };
  lab.servers[0] = serverJson({ packages: [npmPackage({ ...image, transport, environmentVariables })] });
  const show = (...args: string[]) => lab.usher('config', 'show', '--anonymous', ...args, 'weather');
  assert.match((await show()).stdout, /env:\s+LEVEL:/);
  const file = join(lab.home, 'variables');
  await writeFile(file, 'OTHER=1\nLEVEL=low\n');
  const inFile = await show('--env-file', file);
  assert.equal(inFile.code, 0, inFile.stderr);
  assert.doesNotMatch(inFile.stdout, /LEVEL/);
  const secret = await show('--secret', 'level,target=LEVEL');
  assert.doesNotMatch(secret.stderr, /keep one of the two/);
});

test('usher run NAME – a flag that is misspelt, a name that is not there, a registry that is not – is one sentence each', async (context) => {
  const lab = await prepare(context);
  const misspelt = await lab.run('--oidc-isuer', 'x', 'weather');
  assert.match(misspelt.stderr, /--oidc-isuer: is unknown/);
  const unknown = await lab.run('wether');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /There is no MCP server wether in http:.*; did you mean weather\?/);
  const gone = await lab.run('--registry', 'http://127.0.0.1:1', 'weather');
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /Cannot use the registry http:\/\/127\.0\.0\.1:1\/?: .*ECONNREFUSED/);
});

test('usher run NAME – a server that runs elsewhere – is called there, once that was agreed to', async (context) => {
  const lab = await prepare(context);
  const remote = await startHttpServer((_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: { is: 'remote' } }),
  );
  context.after(() => remote[Symbol.asyncDispose]());
  const remotes = [
    {
      type: 'streamable-http',
      url: `${remote.url}/mcp`,
      headers: [{ name: 'X-Key', isSecret: true, isRequired: true }],
    },
  ];
  lab.servers[0] = { ...serverJson({ remotes }), packages: [] };
  const { result, stderr } = await lab.serve('--yes', 'weather');
  assert.deepEqual(result, { is: 'remote' });
  assert.match(stderr, /needs  X-Key \(a secret, as a header\)/);
  const { code, stderr: refused } = await lab.run('--yes', 'weather', '--', 'argument');
  assert.equal(code, 2);
  assert.match(refused, /--: is given, but weather runs elsewhere and takes no arguments/);
});

test('usher run NAME – an image that wants a folder – is told what to mount where', async (context) => {
  const lab = await prepare(context);
  const mount = { type: 'named', name: '-v', value: '{folder}:/data', variables: { folder: { isRequired: true } } };
  const image = {
    registryType: 'oci',
    identifier: 'ghcr.io/acme/weather:1.0.0',
    runtimeArguments: [mount],
    version: undefined,
  };
  lab.servers[0] = { ...serverJson({}), packages: [npmPackage(image)] };
  const { code, stderr } = await lab.run('--yes', 'weather');
  assert.equal(code, 2);
  assert.match(stderr, /--volume: lacks something to mount at \/data, which weather needs: --volume SOURCE:\/data/);
});

test('usher run NAME – the scenario’s first command – is understood to its last flag', async (context) => {
  const lab = await prepare(context);
  const issuer = 'https://example.okta.com/oauth2';
  const flags = `--transport streamable-http --name apollo --target-port 8000 --proxy-port 8000
    --volume ${lab.home}:/config.yaml --volume ${lab.home}:/data --oidc-audience mcpserver --resource-url http://localhost:8000/mcp
    --oidc-issuer ${issuer}/as1 --oidc-jwks-url ${issuer}/as1/v1/keys --token-exchange-audience backend --token-exchange-client-id id
    --token-exchange-client-secret secret --token-exchange-scopes backend-api:read --token-exchange-url ${issuer}/as2/v1/token --debug --foreground`;
  // No engine answers there: everything before is understood.
  const here = ['--registry', 'catalogue', '--engine', `unix://${lab.home}/no.sock`];
  const words = flags.split(/\s+/);
  const { code, stderr } = await lab.usher('run', ...words, ...here, 'apollo-mcp-server', '--', '/config.yaml');
  assert.equal(code, 4);
  assert.match(stderr, /runs   the image ghcr\.io\/apollographql\/apollo-mcp-server:v/);
  assert.match(stderr, /Cannot reach a container engine/);
});

test('usher registry – list, search and info – show what there is, for people and for programs', async (context) => {
  const lab = await prepare(context);
  const list = await lab.usher('registry', 'list');
  assert.equal(list.code, 0);
  assert.match(list.stdout, /^io\.github\.acme\/weather +1\.0\.0 +npm +Weather$/m);
  const none = await lab.usher('registry', 'search', 'nothing');
  assert.equal(none.code, 1);
  const info = JSON.parse((await lab.usher('registry', 'info', 'weather', '--json')).stdout);
  assert.equal(info.server.name, 'io.github.acme/weather');
  assert.deepEqual(info.plan.env, { LEVEL: 'high' });
  assert.match(info.digest, /^[0-9a-f]{64}$/);
});

test('usher registry – a file – is read in each of its forms, and refused with the entry that is wrong', async (context) => {
  const lab = await prepare(context);
  const file = join(lab.home, 'servers.json');
  const list = async (content: unknown) => {
    await writeFile(file, JSON.stringify(content));
    return lab.usher('registry', 'list', '--registry', file, '--json');
  };
  for (const content of [serverJson(), [serverJson()], { servers: [{ server: serverJson() }] }]) {
    const { stdout } = await list(content);
    assert.equal(JSON.parse(stdout).servers[0].server.name, 'io.github.acme/weather');
  }
  const wrong = await list([serverJson(), { ...serverJson(), version: 7 }]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /entry 2 is no server\.json: version/);
});
