import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { freePort } from '../kit/free-port.ts';
import { startUsher } from '../kit/run-usher.ts';
import { askEngine, engineUrl, listContainers, listNetworks, nodeImage, skip } from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

const server = `require('node:http').createServer((_, response) => response.end('{}')).listen(8000, '0.0.0.0');`;
/** Does not go when it is asked to. */
const stubborn = `${server} process.on('SIGTERM', () => {});`;

/** The command line, when it listens. */
async function run(context: TestContext, name: string, code = server) {
  const port = await freePort();
  const flags = ['--anonymous', '--name', name, '--port', `${port}`, '--target-port', '8000', '--engine', engineUrl];
  const child = startUsher(context, ['run', '--foreground', ...flags, nodeImage, '--', '-e', code]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (said += data.toString()));
  await until(() => said.includes('Usher listens on') || child.exitCode !== null, 30_000);
  assert.equal(child.exitCode, null, said);
  const ended = () => until(() => child.exitCode !== null || child.signalCode !== null, 20_000);
  return { child, ended, said: () => said };
}

/** A container that somebody else made, which does nothing. */
async function makeForeign(context: TestContext, name: string, labels: Record<string, string>): Promise<string> {
  const body = { Image: nodeImage, Cmd: ['-e', ''], Labels: labels };
  const { body: made } = await askEngine<{ Id: string }>('POST', `/containers/create?name=${name}`, body);
  context.after(() => askEngine('DELETE', `/containers/${made.Id}?force=1`));
  return made.Id;
}

test(
  'a gateway that is killed – its container is removed at the next start, nobody else’s',
  { skip },
  async (context) => {
    const first = await run(context, 'left');
    const [left] = await listContainers('left');
    assert.ok(left);
    first.child.kill('SIGKILL');
    await first.ended();
    assert.equal((await listContainers('left')).length, 1, 'who is killed cleans up nothing');
    // The same name and server, of another user; and one that only looks like it.
    const others = [
      await makeForeign(context, 'usher-left', {}),
      await makeForeign(context, 'usher-left-other', { ...left.Labels, 'usher.owner': 'somebody@else' }),
      await makeForeign(context, 'usher-left-unclear', { ...left.Labels, 'usher.process': 'nobody knows' }),
    ];
    const second = await run(context, 'left');
    assert.match(second.said(), /Removing a container that an earlier gateway left behind/);
    const ids = (await listContainers('left')).map(({ Id }) => Id);
    assert.ok(!ids.includes(left.Id), 'what was left is gone');
    const all = (await askEngine<{ Id: string }[]>('GET', '/containers/json?all=1')).body.map(({ Id }) => Id);
    for (const id of others) assert.ok(all.includes(id), 'what is not ours stays');
    second.child.kill('SIGTERM');
    await second.ended();
    assert.equal((await listNetworks('left')).length, 0, 'with the networks of both');
  },
);

test('two gateways with servers of one name – neither touches what is the other’s', { skip }, async (context) => {
  const first = await run(context, 'twins');
  const [one] = await listContainers('twins');
  const second = await run(context, 'twins');
  const ids = (await listContainers('twins')).map(({ Id }) => Id);
  assert.equal(ids.length, 2);
  assert.ok(ids.includes(one?.Id ?? ''));
  for (const { child, ended } of [first, second]) {
    child.kill('SIGTERM');
    await ended();
  }
  assert.deepEqual(await listContainers('twins'), []);
});

test(
  'told twice to stop – goes at once, with a container that would not have gone by itself',
  { skip },
  async (context) => {
    const { child, ended } = await run(context, 'hasty', stubborn);
    const startedAtMs = performance.now();
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill('SIGTERM');
    await ended();
    assert.ok(performance.now() - startedAtMs < 9_000, 'the ten seconds of a stop were not waited for');
    assert.deepEqual(await listContainers('hasty'), []);
  },
);
