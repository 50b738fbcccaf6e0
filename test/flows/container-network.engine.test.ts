import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { runUsher } from '../kit/run-usher.ts';
import {
  askEngine,
  engineUrl,
  findBridge,
  listContainers,
  listNetworks,
  nodeImage,
  skip,
  startContainerGateway,
} from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

/** Answers with what it gets from a URL. */
const server = `
require('node:http').createServer((request, response) => {
  let text = '';
  request.on('data', (data) => { text += data; }).on('end', async () => {
    const { method, params } = JSON.parse(text || '{"method":"look"}');
    if (method === 'crash') process.exit(7);
    const get = () => fetch(params.url, { signal: AbortSignal.timeout(3000) }).then((answer) => answer.text(), (error) => error.cause?.code ?? error.name);
    const result = method === 'fetch' ? await get() : 'here';
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
  });
}).listen(8000, '0.0.0.0');
`;

async function start(context: TestContext, name: string, more: Record<string, unknown> = {}, firstMs = 10) {
  const upstream = { image: nodeImage, args: ['-e', server], targetPort: 8000, ...more };
  const restartTimes = { firstMs, longestMs: 100, healthyMs: 60_000 };
  const gateway = await startContainerGateway(name, upstream, { restartTimes });
  context.after(() => gateway.close());
  const call = async (method: string, params = {}) => {
    const answer = await post(gateway.mcpUrl, undefined, { jsonrpc: '2.0', id: 1, method, params });
    const body: { result?: unknown } = JSON.parse(await answer.text());
    return body.result;
  };
  return { gateway, call };
}

/** A server at the address of the bridge that all containers have by default. */
async function listenAtBridge(context: TestContext): Promise<string> {
  const host = await findBridge(context);
  const api = createServer((_, response) => response.end('reached'));
  await new Promise<void>((resolve) => api.listen(0, host, resolve));
  context.after(() => api.close());
  const address = api.address();
  return `http://${host}:${typeof address === 'object' ? address?.port : 0}/`;
}

test(
  'profile none – answers through the gateway, reaches nobody, and has no published port',
  { skip },
  async (context) => {
    const url = await listenAtBridge(context);
    const open = await start(context, 'open');
    assert.equal(await open.call('fetch', { url }), 'reached', 'the same without the profile');
    const shut = await start(context, 'shut', { profile: 'none' });
    assert.equal(await shut.call('look'), 'here');
    assert.match(String(await shut.call('fetch', { url })), /ENETUNREACH|EHOSTUNREACH|Timeout/);
    const [container] = await listContainers('shut');
    assert.deepEqual(
      container?.Ports.filter(({ PublicPort }) => PublicPort !== undefined),
      [],
    );
    await shut.gateway.close();
    assert.deepEqual(await listNetworks('shut'), []);
  },
);

test('profile none – a restart gives it another address, calls are answered again', { skip }, async (context) => {
  const { gateway, call } = await start(context, 'again', { profile: 'none' });
  await call('crash').catch(() => undefined);
  await until(() => gateway.logged.some((line) => line.includes('is up again')));
  assert.equal(await call('look'), 'here');
});

test(
  'usher doctor – finds the container of a running gateway, and says so where there is none',
  { skip },
  async (context) => {
    for (const profile of ['network', 'none'] as const) {
      await start(context, `watched-${profile}`, { profile });
      const args = [
        '--anonymous',
        '--name',
        `watched-${profile}`,
        '--engine',
        engineUrl,
        '--permission-profile',
        profile,
      ];
      const look = async () => {
        const { stdout } = await runUsher(context, ['doctor', ...args, '--target-port', '8000', '--json', nodeImage]);
        const { servers }: { servers: { checks: { id: string; result: string; evidence: string }[] }[] } =
          JSON.parse(stdout);
        return servers[0]?.checks.find(({ id }) => id === 'server-answers');
      };
      const found = await look();
      assert.equal(found?.result, 'pass', found?.evidence);
      assert.match(found?.evidence ?? '', /^http:\/\/(?:127\.0\.0\.1|10\.[\d.]+):\d+\/mcp: status 200/);
    }
    const args = ['--anonymous', '--name', 'unwatched', '--engine', engineUrl, '--target-port', '8000', '--json'];
    const { stdout } = await runUsher(context, ['doctor', ...args, nodeImage]);
    assert.match(stdout, /No container of unwatched runs here/);
  },
);

test('two servers – neither reaches the other past the gateway', { skip }, async (context) => {
  const one = await start(context, 'first');
  await start(context, 'second');
  const [other] = await listContainers('second');
  type Inspected = { NetworkSettings: { Networks: Record<string, { IPAddress: string }> } };
  const { body } = await askEngine<Inspected>('GET', `/containers/${other?.Id}/json`);
  const [network] = Object.values(body.NetworkSettings.Networks);
  assert.notEqual(await one.call('fetch', { url: `http://${network?.IPAddress}:8000/` }), 'here');
});

test('a further port – is published on the loopback address alone', { skip }, async (context) => {
  const port = await freePort();
  await start(context, 'further', { publish: [`${port}:8000`] });
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  assert.match(await answer.text(), /here/);
  const [container] = await listContainers('further');
  assert.ok(container?.Ports.every(({ IP }) => IP === '127.0.0.1'));
});

test('a profile without a network, and a network – refused', { skip }, async () => {
  const upstream = { image: nodeImage, targetPort: 8000, profile: 'none', network: 'bridge' };
  await assert.rejects(startContainerGateway('both', upstream), /lets it reach nobody, and --network is given as well/);
});
