import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { freePort } from '../kit/free-port.ts';
import { startUsher } from '../kit/run-usher.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { callModern, openSession, textOf } from '../kit/stdio-client.ts';
import {
  buildImage,
  containedStdioServer,
  engineUrl,
  findBridge,
  listContainers,
  listNetworks,
  nodeImage,
  skip,
} from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

type Upstream = Awaited<ReturnType<typeof containedStdioServer>>['upstream'];

/** A gateway that lets everybody call, in front of containers of this name. */
async function startGateway(context: TestContext, name: string, upstream: Upstream & Record<string, unknown>) {
  const gateway = await startTestGateway(
    { [name]: { authenticate: [{ strategy: 'anonymous' }], upstream: { ...upstream, transport: 'stdio' } } },
    { restartTimes: { firstMs: 10, longestMs: 100, healthyMs: 60_000 } },
  );
  context.after(() => gateway.close());
  return gateway;
}

async function startContained(
  context: TestContext,
  name: string,
  mode: 'legacy' | 'modern',
  more: Record<string, unknown> = {},
) {
  const server = await containedStdioServer(context, mode);
  const gateway = await startGateway(context, name, { ...server.upstream, ...more });
  const modern = async (tool: string, args = {}) =>
    textOf(await (await callModern(gateway.mcpUrl, tool, { args })).json());
  return { ...server, gateway, modern, open: () => openSession(gateway.mcpUrl) };
}

test(
  'sessions of before 2026-07-28 – each has a container of its own, which goes with it',
  { skip },
  async (context) => {
    const { open, gateway } = await startContained(context, 'sessions', 'legacy');
    const [one, other] = [await open(), await open()];
    assert.notEqual(await one.text('host'), await other.text('host'));
    // The one that was asked at the start what it speaks is nobody's.
    await until(async () => (await listContainers('sessions')).length === 2, 20_000);
    assert.equal((await one.end()).status, 204);
    await until(async () => (await listContainers('sessions')).length === 1, 20_000);
    await gateway.close();
    assert.deepEqual([await listContainers('sessions'), await listNetworks('sessions')], [[], []]);
  },
);

test(
  'a session nobody uses – its container is gone after the time for that, which is shorter than it takes to start',
  { skip },
  async (context) => {
    const { open, noted } = await startContained(context, 'idle', 'legacy', { sessionIdleSeconds: 0.05 });
    const session = await open();
    await until(async () => (await listContainers('idle')).length === 0, 20_000);
    assert.equal((await session.call('pid')).status, 404);
    assert.ok(noted('closed').length >= 1, 'its input was closed first, so that it could end by itself');
  },
);

test('calls of 2026-07-28 without a token – share one container', { skip }, async (context) => {
  const { modern } = await startContained(context, 'shared', 'modern');
  const hosts = await Promise.all([modern('host'), modern('host'), modern('host')]);
  const [{ Id } = { Id: '' }, ...others] = await listContainers('shared');
  assert.deepEqual(
    hosts.map((host) => Id.startsWith(host)),
    [true, true, true],
  );
  assert.deepEqual(others, []);
});

test(
  'a crash in mid-call – answered with an error, told with the last words, and the next call has another container',
  { skip },
  async (context) => {
    const { gateway, modern } = await startContained(context, 'crashing', 'modern');
    const before = await modern('host');
    assert.equal((await callModern(gateway.mcpUrl, 'crash')).status, 502);
    await until(async () => /^[0-9a-f]{12}$/.test(await modern('host')), 20_000);
    assert.notEqual(await modern('host'), before);
    const [line = ''] = gateway.logged.filter((text) => text.includes('A process of the MCP server ended'));
    assert.match(line, /exited with code 7.*out of luck/);
    assert.ok(gateway.logged.some((text) => text.includes('out of luck') && text.includes('"from":"crashing"')));
  },
);

test(
  'an image that is a server by itself – its own ENTRYPOINT is run, with what stands behind --',
  { skip },
  async (context) => {
    const program = `
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      const result = method === 'initialize'
        ? { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: 'own', version: '1' } }
        : { content: [{ type: 'text', text: process.argv.slice(2).join(' ') }] };
      const body = ['initialize', 'tools/call'].includes(method) ? { result } : { error: { code: -32601, message: 'no' } };
      if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
    }).on('close', () => process.exit(0));`;
    const image = await buildImage(
      context,
      'own-entrypoint:1',
      [`FROM ${nodeImage}`, 'COPY server.cjs /server.cjs', 'ENTRYPOINT ["/usr/bin/node", "/server.cjs", "own"]'],
      { 'server.cjs': program },
    );
    const upstream = { strategy: 'container' as const, engine: engineUrl, image, args: ['behind'], volumes: [] };
    const gateway = await startGateway(context, 'own', upstream);
    assert.equal(await (await openSession(gateway.mcpUrl)).text('args'), 'own behind');
  },
);

test(
  'a container that ends at once – the gateway does not start, and says how it ended and what to do',
  { skip },
  async (context) => {
    const args = ['-e', 'console.error("no key"); process.exit(4)'];
    const { upstream } = await containedStdioServer(context);
    await assert.rejects(startGateway(context, 'ending', { ...upstream, args }), {
      code: 'container_failed',
      message: `Cannot run the image ${nodeImage}: it exited with code 4; it said last: "no key"`,
      hint: /its arguments stand after --/,
    });
    assert.deepEqual(await listContainers('ending'), []);
  },
);

/** A server at the address of the bridge that all containers have by default. */
async function listenAtBridge(context: TestContext): Promise<string> {
  const host = await findBridge(context);
  const api = createServer((_, response) => response.end('reached'));
  await new Promise<void>((resolve) => api.listen(0, host, resolve));
  context.after(() => api.close());
  const address = api.address();
  return `http://${host}:${typeof address === 'object' ? address?.port : 0}/`;
}

test('profile none – answers over its standard streams, and reaches nobody', { skip }, async (context) => {
  const url = await listenAtBridge(context);
  const open = await startContained(context, 'open-streams', 'modern');
  assert.equal(await open.modern('fetch', { url }), 'reached', 'the same without the profile');
  const shut = await startContained(context, 'shut-streams', 'modern', { profile: 'none' });
  assert.match(await shut.modern('fetch', { url }), /ENETUNREACH|EHOSTUNREACH/);
  assert.deepEqual(await listNetworks('shut-streams'), [], 'it has no network at all');
});

test(
  'usher run --transport stdio IMAGE, killed – what it left is removed at the next start',
  { skip },
  async (context) => {
    const { upstream } = await containedStdioServer(context);
    const run = async () => {
      const port = await freePort();
      const flags = ['--transport', 'stdio', '--anonymous', '--name', 'killed-streams', '--port', `${port}`];
      const volumes = upstream.volumes.flatMap((volume) => ['--volume', volume]);
      const words = ['run', '--foreground', ...flags, '--engine', engineUrl, ...volumes, nodeImage, '--'];
      // Stays when its input ends: somebody has to take it away.
      const stubborn = `process.stdin.on('close', () => {}); setInterval(() => {}, 1000); process.argv.splice(1, 1); import('/server/main.ts'); process.exit = () => {};`;
      const child = startUsher(context, [...words, '-e', stubborn, '--', 'node', 'main', 'legacy', '/notes/all'], {});
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (data: Buffer) => (said += data.toString()));
      await until(() => said.includes('Usher listens on') || child.exitCode !== null, 30_000);
      assert.equal(child.exitCode, null, said);
      const ended = () => until(() => child.exitCode !== null || child.signalCode !== null, 30_000);
      return { url: `http://127.0.0.1:${port}/mcp`, child, ended, said: () => said };
    };
    const first = await run();
    assert.match(first.said(), /stdio:localhost\/usher-test\/node:1/);
    await openSession(first.url);
    const left = (await listContainers('killed-streams')).map(({ Id }) => Id);
    assert.ok(left.length > 0);
    first.child.kill('SIGKILL');
    await first.ended();
    assert.ok((await listContainers('killed-streams')).length > 0, 'who is killed cleans up nothing');
    const second = await run();
    assert.match(second.said(), /Removing a container that an earlier gateway left behind/);
    const now = (await listContainers('killed-streams')).map(({ Id }) => Id);
    assert.ok(left.every((id) => !now.includes(id)));
    second.child.kill('SIGTERM');
    await second.ended();
    assert.deepEqual([await listContainers('killed-streams'), await listNetworks('killed-streams')], [[], []]);
  },
);
