import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UsherError } from '../../src/model/usher-error.ts';
import { post } from '../kit/call.ts';
import {
  askEngine,
  buildImage,
  engineUrl,
  findBridge,
  isPodman,
  listContainers,
  listNetworks,
  nodeImage,
  skip,
  startContainerGateway,
} from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

/** An MCP server of sorts: does as the method says, and answers with what the argument computes in its container. */
const server = `
require('node:http').createServer((request, response) => {
  let text = '';
  request.on('data', (data) => { text += data; }).on('end', async () => {
    const { method, params } = JSON.parse(text || '{"method":"look"}');
    if (method === 'crash') {
      console.log('about to fail');
      console.error('out of luck, authorization: Bearer s3cr3t-0paque-value');
      process.exit(7);
    }
    let result = {};
    if (method === 'compute') result = await eval(params.code);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
  });
}).listen(8000, '0.0.0.0', () => console.log('ready, Bearer s3cr3t-0paque-value'));
process.on('SIGTERM', () => { console.log('told to stop'); process.exit(0); });
`;

type Gateway = Awaited<ReturnType<typeof startContainerGateway>>;

async function compute<T>(gateway: Gateway, code: string): Promise<T> {
  const answer = await post(gateway.mcpUrl, undefined, { jsonrpc: '2.0', id: 1, method: 'compute', params: { code } });
  const body: { result: T } = JSON.parse(await answer.text());
  return body.result;
}

async function start(
  context: TestContext,
  name: string,
  more: Partial<Parameters<typeof startContainerGateway>[1]> = {},
  options: Parameters<typeof startContainerGateway>[2] = {},
): Promise<Gateway> {
  const upstream = { image: nodeImage, args: ['-e', server], targetPort: 8000, ...more };
  const gateway = await startContainerGateway(name, upstream, options);
  context.after(() => gateway.close());
  return gateway;
}

async function refused(name: string, more: Partial<Parameters<typeof startContainerGateway>[1]>): Promise<UsherError> {
  const upstream = { image: nodeImage, args: ['-e', server], targetPort: 8000, ...more };
  const error = await startContainerGateway(name, upstream).then(
    async (gateway) => {
      await gateway.close();
      return undefined;
    },
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UsherError, `it started: ${String(error)}`);
  assert.equal(error.row.exitCode, 4);
  assert.deepEqual(await listContainers(name), [], 'nothing is left');
  assert.deepEqual(await listNetworks(name), []);
  return error;
}

test(
  'an image – run – answers through the gateway, says what it does in the log, and nothing is left of it',
  { skip },
  async (context) => {
    const gateway = await start(context, 'whole');
    assert.equal(await compute(gateway, 'process.argv.length + 40'), 41);
    const [container] = await listContainers('whole');
    assert.equal(container?.State, 'running');
    assert.equal((await listNetworks('whole')).length, 1, 'a network of its own');
    await gateway.close();
    assert.ok(gateway.logged.some((line) => line.includes('told to stop') && line.includes('"from":"whole"')));
    assert.ok(gateway.logged.some((line) => line.includes('ready, Bearer (removed)')));
    assert.deepEqual(await listContainers('whole'), []);
    assert.deepEqual(await listNetworks('whole'), []);
  },
);

test(
  'a container – seen from inside – no capabilities, no new privileges, read-only, bounded, not root',
  { skip },
  async (context) => {
    const gateway = await start(context, 'bare', { memory: '256m', pidsLimit: 64 });
    const fs = `require('node:fs')`;
    const status = await compute<string>(gateway, `${fs}.readFileSync('/proc/self/status', 'utf8')`);
    assert.match(status, /CapPrm:\s0+\n/);
    assert.match(status, /CapBnd:\s0+\n/);
    assert.match(status, /NoNewPrivs:\s1/);
    assert.match(status, /Uid:\s1000\s/);
    const tryWrite = (path: string) =>
      `(() => { try { ${fs}.writeFileSync('${path}', 'x'); return 'written' } catch (error) { return error.code } })()`;
    assert.equal(await compute(gateway, tryWrite('/app/x')), 'EROFS');
    assert.equal(await compute(gateway, tryWrite('/tmp/x')), 'written');
    const [container] = await listContainers('bare');
    type Inspected = {
      HostConfig: {
        Memory: number;
        MemorySwap: number;
        PidsLimit: number;
        LogConfig: { Type: string };
        Privileged: boolean;
      };
    };
    const { HostConfig } = (await askEngine<Inspected>('GET', `/containers/${container?.Id}/json`)).body;
    assert.deepEqual(
      [
        HostConfig.Memory,
        HostConfig.MemorySwap,
        HostConfig.PidsLimit,
        HostConfig.LogConfig.Type,
        HostConfig.Privileged,
      ],
      [256 * 1024 ** 2, 256 * 1024 ** 2, 64, 'none', false],
    );
  },
);

test('a container – its port – is published on the loopback address alone', { skip }, async (context) => {
  await start(context, 'loopback');
  const [container] = await listContainers('loopback');
  assert.deepEqual(
    container?.Ports.map(({ IP, PrivatePort }) => [IP, PrivatePort]),
    [['127.0.0.1', 8000]],
  );
  const port = container?.Ports[0]?.PublicPort ?? 0;
  const others = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  for (const { address } of others) {
    const reached = await new Promise((resolve) => {
      const socket = connect({ host: address, port }, () => resolve(true)).once('error', () => resolve(false));
      socket.unref();
    });
    assert.equal(reached, false, `${address}:${port} answers`);
  }
});

test(
  'a container that crashed – started again at the same port from the same image, its last words in log and audit trail',
  { skip },
  async (context) => {
    const gateway = await start(
      context,
      'crash',
      {},
      { restartTimes: { firstMs: 10, longestMs: 100, healthyMs: 60_000 } },
    );
    const [before] = await listContainers('crash');
    await post(gateway.mcpUrl, undefined, { jsonrpc: '2.0', id: 1, method: 'crash' });
    await until(() => gateway.logged.some((line) => line.includes('is up again')));
    assert.equal(await compute(gateway, '1 + 1'), 2);
    const [after] = await listContainers('crash');
    assert.notEqual(after?.Id, before?.Id);
    assert.deepEqual([after?.Ports, after?.ImageID], [before?.Ports, before?.ImageID]);
    const ended = gateway.logged.find((line) => line.includes('is run here ended')) ?? '';
    assert.match(ended, /node:1: it exited with code 7; it said last: .*about to fail/);
    assert.match(ended, /out of luck, authorization: Bearer \(removed\)/);
    assert.doesNotMatch(gateway.logged.join('\n'), /s3cr3t/);
  },
);

test('a container that ends at once – refused with exit code and last words', { skip }, async () => {
  const error = await refused('atonce', { args: ['-e', 'console.error("no config"); process.exit(3)'] });
  assert.equal(error.code, 'container_failed');
  assert.match(
    error.message,
    /Cannot run the image localhost\/usher-test\/node:1: it exited with code 3; it said last: "no config"/,
  );
});

test('a container that listens on its own loopback address alone – refused, and told why', { skip }, async () => {
  const error = await refused('inside', {
    args: ['-e', `require('node:http').createServer().listen(8000, '127.0.0.1')`],
    startTimeoutSeconds: 1,
  });
  assert.match(error.message, /nothing answers on its port 8000 after 1 s/);
  assert.match(error.hint, /0\.0\.0\.0/);
});

test('a container that needs more memory than it may have – refused with that reason', { skip }, async () => {
  const error = await refused('hungry', {
    args: ['-e', 'const all = []; for (;;) all.push(Buffer.alloc(8 * 1024 * 1024, 1));'],
    memory: '64m',
  });
  assert.match(error.message, /more memory than it may have \(--memory 64m\)/);
});

const mistakes = [
  [
    'an image that is nowhere',
    { image: 'localhost:1/no/such:1' },
    /localhost:1\/no\/such:1: it cannot be pulled: .*refused/,
    /reach the registry/,
  ],
  [
    'an image that is not here and must not be fetched',
    { image: 'acme/none:1', pull: 'never' },
    /does not have it, and --pull is never/,
    /docker pull acme\/none:1/,
  ],
  [
    'a source that does not exist',
    { volumes: ['/no/such/place:/data'] },
    /\/no\/such\/place, which is to be mounted at \/data, cannot be read: no such file/,
    /exists/,
  ],
  [
    'a named volume that does not exist',
    { volumes: ['nothere:/data'] },
    /there is no volume called nothere/,
    /\.\/nothere/,
  ],
  [
    'two volumes at one path',
    { volumes: ['/etc/hosts:/data', '/etc/passwd:/data'] },
    /two volumes are mounted at \/data/,
    /own/,
  ],
  ['a user the image does not know', { user: 'nobody-here' }, /unable to find user nobody-here/, /--user as a number/],
  ['a network that does not exist', { network: 'no-such-net' }, /no-such-net/, /--network/],
  [
    'an environment file that is none',
    { envFiles: ['/etc/passwd'] },
    /line 1 of \/etc\/passwd is not NAME=VALUE/,
    /Correct the line/,
  ],
  [
    'no port, where the image names none',
    { targetPort: undefined },
    /does not say which one port it listens on/,
    /--target-port/,
  ],
] as const;

for (const [what, settings, message, hint] of mistakes) {
  test(`${what} – refused with what to do, nothing is left`, { skip }, async () => {
    const { targetPort, ...rest } = { targetPort: 8000, ...settings };
    const lists = Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]),
    );
    const error = await refused('mistake', { ...lists, targetPort });
    assert.equal(error.code, 'container_failed');
    assert.match(error.message, message);
    assert.match(error.hint, hint);
  });
}

test('a file and a folder that are mounted, an environment file – seen in the container', { skip }, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'usher-mounts-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o777);
  await writeFile(join(folder, 'config.yaml'), 'greeting: ahoj');
  await writeFile(join(folder, 'vars'), '# names\nONE=from file\nTWO="quoted"\n');
  const gateway = await start(context, 'mounted', {
    volumes: [`${folder}/config.yaml:/config.yaml`, `${folder}:/data:ro`],
    envFiles: [join(folder, 'vars')],
    env: { ONE: 'from flag' },
  });
  assert.equal(await compute(gateway, `require('node:fs').readFileSync('/config.yaml', 'utf8')`), 'greeting: ahoj');
  assert.deepEqual(await compute(gateway, '[process.env.ONE, process.env.TWO]'), ['from flag', '"quoted"']);
  assert.equal(
    await compute(
      gateway,
      `(() => { try { require('node:fs').writeFileSync('/data/x', ''); return '' } catch (error) { return error.code } })()`,
    ),
    'EROFS',
  );
  assert.deepEqual(await compute(gateway, `Object.keys(process.env).filter((name) => name.startsWith('TEST_'))`), []);
});

test('a port that the image names – need not be given', { skip }, async (context) => {
  const image = await buildImage(context, 'exposing:1', [`FROM ${nodeImage}`, 'EXPOSE 8000']);
  const gateway = await start(context, 'exposed', { image, targetPort: undefined });
  assert.equal(await compute(gateway, '2'), 2);
});

test('an API of this machine – reached as host.docker.internal', { skip }, async (context) => {
  const host = await findBridge(context);
  const api = createServer((_, response) => response.end('the API'));
  await new Promise<void>((resolve) => api.listen(0, host, resolve));
  context.after(() => api.close());
  const address = api.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const gateway = await start(context, 'calling');
  assert.equal(
    await compute(gateway, `fetch('http://host.docker.internal:${port}/').then((answer) => answer.text())`),
    'the API',
  );
});

test('a tag that comes to mean another image – a restart runs the one that was started', { skip }, async (context) => {
  const image = await buildImage(context, 'moving:1', [`FROM ${nodeImage}`, 'ENV WHICH=first']);
  const gateway = await start(
    context,
    'moving',
    { image },
    { restartTimes: { firstMs: 10, longestMs: 100, healthyMs: 60_000 } },
  );
  await buildImage(context, 'moving:1', [`FROM ${nodeImage}`, 'ENV WHICH=second']);
  await post(gateway.mcpUrl, undefined, { jsonrpc: '2.0', id: 1, method: 'crash' });
  await until(() => gateway.logged.some((line) => line.includes('is up again')));
  assert.equal(await compute(gateway, 'process.env.WHICH'), 'first');
});

test('no engine at the place that was named – refused with the place and what to do', async () => {
  const upstream = { image: nodeImage, targetPort: 8000 };
  const { startTestGateway } = await import('../kit/start-test-gateway.ts');
  const started = startTestGateway({
    absent: {
      authenticate: [{ strategy: 'anonymous' }],
      upstream: { strategy: 'container', engine: 'unix:///no/engine.sock', ...upstream },
    },
  });
  await assert.rejects(started, (error: unknown) => {
    assert.ok(error instanceof UsherError);
    assert.equal(error.code, 'engine_unavailable');
    assert.match(error.message, /there is nothing at \/no\/engine\.sock/);
    assert.match(error.hint, /Install and start Docker or Podman/);
    return true;
  });
  assert.notEqual(engineUrl, 'unix:///no/engine.sock');
});

test('an image whose own check fails – is refused with what the check said', { skip }, async (context) => {
  if ((await isPodman()) && !existsSync('/run/systemd/system'))
    return context.skip('Podman looks at health checks with systemd alone');
  const image = await buildImage(context, 'unwell:1', [
    `FROM ${nodeImage}`,
    `HEALTHCHECK --interval=1s --retries=1 CMD ["/usr/bin/node", "-e", "console.log('no database'); process.exit(1)"]`,
  ]);
  const error = await refused('unwell', { image, args: ['-e', 'setInterval(() => {}, 1000)'] });
  assert.match(error.message, /it is unhealthy by its own check: no database/);
});

test('a container that becomes unhealthy – is started again', { skip }, async (context) => {
  if ((await isPodman()) && !existsSync('/run/systemd/system'))
    return context.skip('Podman looks at health checks with systemd alone');
  const check = `process.exit(require('node:fs').existsSync('/tmp/sick') ? 1 : 0)`;
  const image = await buildImage(context, 'falling:1', [
    `FROM ${nodeImage}`,
    `HEALTHCHECK --interval=1s --retries=1 CMD ["/usr/bin/node", "-e", "${check}"]`,
  ]);
  const times = { firstMs: 10, longestMs: 100, healthyMs: 60_000 };
  const gateway = await start(context, 'falling', { image }, { restartTimes: times });
  await until(() => gateway.servers[0]?.life?.check?.status === 'healthy', 30_000);
  await compute(gateway, `require('node:fs').writeFileSync('/tmp/sick', '')`);
  await until(() => gateway.logged.some((line) => line.includes('is up again')), 30_000);
  assert.ok(gateway.logged.some((line) => line.includes('it is unhealthy by its own check')));
  const life = gateway.servers[0]?.life;
  assert.equal(life?.restarts, 1);
  assert.match(life.lastEnd?.reason ?? '', /it is unhealthy by its own check/);
  assert.equal(await compute(gateway, '3'), 3);
});
