import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { post } from '../kit/call.ts';
import { prepareImage } from '../kit/image-of-usher.ts';
import { askEngine, buildImageOf, findBridge, nodeImage, skip } from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

/** An MCP server at the address at which containers see this machine. */
async function startMcpServer(context: TestContext): Promise<string> {
  const host = await findBridge(context);
  const server = createServer((_, response) =>
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: [] } })),
  );
  server.listen(0, host);
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  return `http://${host}:${typeof address === 'object' ? address?.port : 0}/mcp`;
}

interface Inspected {
  readonly State: { readonly Running: boolean; readonly ExitCode: number };
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>> };
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>>;
  };
}

/** Runs the image as the chart does: its arguments, a read-only root, no capabilities. */
async function run(context: TestContext, image: string, config: object) {
  const folder = mkdtempSync(join(tmpdir(), 'usher-config-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'usher.yaml');
  writeFileSync(file, stringify(config));
  chmodSync(file, 0o644);
  const body = {
    Image: image,
    Cmd: ['serve', '--config', '/etc/usher/usher.yaml'],
    ExposedPorts: { '8000/tcp': {} },
    HostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,size=64m,mode=1777' },
      Mounts: [{ Type: 'bind', Source: file, Target: '/etc/usher/usher.yaml', ReadOnly: true }],
      PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  };
  const { body: made } = await askEngine<{ Id: string }>('POST', '/containers/create', body);
  context.after(() => askEngine('DELETE', `/containers/${made.Id}?force=1`));
  await askEngine('POST', `/containers/${made.Id}/start`);
  const inspect = async () => (await askEngine<Inspected>('GET', `/containers/${made.Id}/json`)).body;
  const { NetworkSettings } = await inspect();
  const url = `http://127.0.0.1:${NetworkSettings.Ports['8000/tcp']?.[0]?.HostPort}`;
  return { id: made.Id, url, inspect };
}

test(
  'the image of Usher – serves as an unprivileged user with a read-only root, is healthy and ready, and ends when it is told to',
  { skip },
  async (context) => {
    const { folder, remove } = prepareImage(nodeImage);
    context.after(remove);
    const image = await buildImageOf(context, 'usher:1', folder);
    const upstream = { strategy: 'http', url: await startMcpServer(context) };
    const usher = await run(context, image, {
      listen: { host: '0.0.0.0', port: 8000 },
      servers: { mcp: { authenticate: [{ strategy: 'anonymous' }], upstream } },
    });
    await until(async () => {
      const answer = await fetch(`${usher.url}/health`).catch(() => undefined);
      const { State } = await usher.inspect();
      if (!State.Running) throw new Error(`it exited with ${State.ExitCode}`);
      return answer?.status === 200;
    }, 30_000);
    assert.equal((await fetch(`${usher.url}/ready`)).status, 200);
    const answer = await post(`${usher.url}/mcp`, undefined, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    assert.match(await answer.text(), /"tools":\[\]/);
    const { Config } = await usher.inspect();
    assert.equal(Config.User, '65532:65532');
    assert.equal(Config.Labels['org.opencontainers.image.title'], 'Usher');
    await askEngine('POST', `/containers/${usher.id}/stop?t=20`);
    const { State } = await usher.inspect();
    assert.deepEqual([State.Running, State.ExitCode], [false, 0]);
  },
);
