import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { runUsher, startUsher } from '../kit/run-usher.ts';
import { startImageRegistry } from '../kit/start-image-registry.ts';
import { npmPackage, serverJson, startMcpRegistry } from '../kit/start-mcp-registry.ts';
import { askEngine, engineUrl, isPodman, skip } from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

/** Says of each call which version of its image it is. */
const server = `
require('node:http').createServer((request, response) => {
  const answer = { jsonrpc: '2.0', id: 1, result: { version: process.env.VERSION } };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
}).listen(8000, '0.0.0.0');
process.on('SIGTERM', () => process.exit(0));
`;

async function prepare(context: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'usher-pinned-'));
  context.after(() => rm(home, { recursive: true, force: true }));
  const images = await startImageRegistry(context, 'acme/weather', '1.0.0');
  const transport = { type: 'streamable-http', url: 'http://127.0.0.1:8000/mcp' };
  const oci = { registryType: 'oci', identifier: `${images.image}:1.0.0`, version: undefined, transport };
  const registry = await startMcpRegistry(context, [serverJson({ packages: [npmPackage(oci)] })]);
  const port = await freePort();
  const env = { HOME: home, USHER_REGISTRY: registry.url };
  const common = ['run', '--foreground', '--anonymous', '--port', `${port}`, '--engine', engineUrl];
  const words = (given: readonly string[]) => [
    ...common,
    '--audit-file',
    join(home, 'audit.jsonl'),
    ...given,
    'weather',
    '--',
    '-e',
    server,
  ];
  const forget = async (digest: string) => {
    await askEngine('DELETE', `/images/${images.image}@${digest}?force=1`);
    await askEngine('DELETE', `/images/${images.image}:1.0.0?force=1`);
  };
  return {
    ...images,
    forget,
    consents: () => readFile(join(home, '.local/state/usher/registry.json'), 'utf8'),
    refused: (...given: string[]) => runUsher(context, words(given), { env }),
    /** Which version answers, and what was said about it. */
    async serve(...given: string[]) {
      const child = startUsher(context, words(given), { env });
      let [stderr, version] = ['', ''];
      child.stderr?.setEncoding('utf8').on('data', (more: string) => (stderr += more));
      const call = { jsonrpc: '2.0', id: 1, method: 'ping' };
      await until(async () => {
        if (child.exitCode !== null) throw new Error(stderr);
        const answer = await post(`http://127.0.0.1:${port}/mcp`, undefined, call).catch(() => undefined);
        if (answer?.status === 200) ({ version } = JSON.parse(await answer.text()).result);
        return version !== '';
      }, 60_000);
      child.kill('SIGTERM');
      await until(() => child.exitCode !== null);
      return { version, stderr };
    },
  };
}

test(
  'usher run NAME – an image that an entry names by its tag – is pinned by its digest when it is agreed to',
  { skip: skip === false && (await isPodman()) ? 'Podman asks no registry about a tag' : skip },
  async (context) => {
    const lab = await prepare(context);
    const first = lab.publish('1');
    context.after(() => lab.forget(first));
    const shown = await lab.refused();
    const digest = `${lab.image}@${first}`;
    assert.equal(shown.code, 2);
    assert.ok(shown.stderr.includes(`the image ${digest}, which is ${lab.image}:1.0.0 today`), shown.stderr);

    assert.equal((await lab.serve('--yes')).version, '1');
    assert.match(await lab.consents(), new RegExp(`"image": "${digest}"`));

    const second = lab.publish('2');
    context.after(() => lab.forget(second));
    await lab.forget(first);
    const again = await lab.serve();
    assert.equal(again.version, '1', 'fetched anew, it is what was agreed to');
    assert.doesNotMatch(again.stderr, /runs {3}the image/);

    const changed = await lab.refused('--pull', 'always');
    assert.equal(changed.code, 2);
    assert.match(changed.stderr, /its tag means another image than the one you agreed to/);
    assert.equal((await lab.serve('--pull', 'always', '--yes')).version, '2');
    assert.equal((await lab.serve()).version, '2');
  },
);
