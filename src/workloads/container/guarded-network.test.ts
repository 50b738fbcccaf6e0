import assert from 'node:assert/strict';
import { release } from 'node:os';
import { test, type TestContext } from 'node:test';
import { startEngineStandIn } from '../../../test/kit/start-engine-stand-in.ts';
import { quietLog } from '../../model/log.ts';
import { parseEgressRules } from './egress-rules.ts';
import { makeGuardedNetwork } from './guarded-network.ts';

interface Far {
  readonly kernel?: string;
  readonly securityOptions?: readonly string[];
  /** This machine's address in its networks. */
  readonly gateway?: string;
}

/** An engine whose networks are said to be so, since no engine of the tests is elsewhere. */
async function startEngine(context: TestContext, kind: 'docker' | 'podman', far: Far) {
  const networks = new Set<string>();
  const client = await startEngineStandIn(context, ({ method, url = '' }, response) => {
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    const id = url.split('/').at(-1) ?? '';
    if (url.endsWith('/info'))
      return answer(200, { KernelVersion: far.kernel ?? release(), SecurityOptions: far.securityOptions ?? null });
    if (method === 'DELETE') {
      networks.delete(id);
      return response.writeHead(204).end();
    }
    if (method === 'POST') {
      networks.add(`n${networks.size}`);
      return answer(201, { Id: `n${networks.size - 1}` });
    }
    return answer(200, { IPAM: { Config: [{ Subnet: '10.250.0.0/24', Gateway: far.gateway ?? '127.0.0.1' }] } });
  });
  return { engine: { client, kind, label: 'an engine', architecture: 'amd64' } as const, networks };
}

const none = { isIsolated: true, egress: undefined, log: quietLog, image: 'acme/server:1' };
const rules = parseEgressRules(['api.example.com'], []);
const listed = { ...none, egress: 'problem' in rules ? undefined : rules };
/** TEST-NET-3 (RFC 5737): no machine is there. */
const nowhere = '203.0.113.1';

const isLinux = process.platform === 'linux';

for (const [what, far] of [
  ['rootless', { securityOptions: ['name=seccomp,profile=default', 'name=rootless'] }],
  ['in a virtual machine', { kernel: '6.6.1-linuxkit' }],
] as const) {
  test(`an engine that is ${what} – has no network without a way out, whoever may be at such an address here`, async (context) => {
    const { engine, networks } = await startEngine(context, 'docker', far);
    await assert.rejects(makeGuardedNetwork('far', engine, none), {
      code: 'container_failed',
      message: /not those of this machine/,
    });
    assert.equal(networks.size, 0, 'nothing is left of it');
    await using open = await makeGuardedNetwork('far', engine, { ...none, isIsolated: false });
    await open.ready();
  });
}

for (const [what, options] of [
  ['profile none', none],
  ['a list of hosts', listed],
] as const) {
  test(
    `${what}, where this machine is not in the network – refused before anything is called there`,
    { skip: !isLinux && 'no engine is here' },
    async (context) => {
      const { engine } = await startEngine(context, 'podman', { gateway: nowhere });
      await using made = await makeGuardedNetwork('far', engine, options);
      await assert.rejects(made.ready(), { code: 'container_failed', message: /not those of this machine/ });
    },
  );

  test(`${what}, where it is – is ready`, { skip: !isLinux && 'no engine is here' }, async (context) => {
    const { engine } = await startEngine(context, 'podman', {});
    await using made = await makeGuardedNetwork('near', engine, options);
    await made.ready();
  });
}
