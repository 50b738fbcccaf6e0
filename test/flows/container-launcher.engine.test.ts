import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import type { Launched, LaunchGift } from '../../src/model/launcher.ts';
import { Secret } from '../../src/model/secret.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import { containerLauncher } from '../../src/workloads/container/container-launcher.ts';
import { containerSchema } from '../../src/workloads/container/schema.ts';
import { collectLog } from '../kit/collect-log.ts';
import { askEngine, engineUrl, isPodman, listContainers, listNetworks, nodeImage, skip } from '../kit/test-engine.ts';

/** Answers each line with what it computes; says its name on stderr first. */
const program = `
console.error('up, Bearer s3cr3t-0paque-value');
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  console.log(JSON.stringify(await eval(JSON.parse(line).code)));
}).on('close', () => process.exit(0));
`;

function buildLauncher(name: string, code = program, more: Record<string, unknown> = {}) {
  const { log, logged } = collectLog();
  const settings = { strategy: 'container', image: nodeImage, args: ['-e', code], engine: engineUrl, ...more };
  return { launcher: containerLauncher(name, containerSchema.parse(settings), log), logged };
}

function asker(launched: Launched): (code: string) => Promise<unknown> {
  const lines = createInterface({ input: launched.output })[Symbol.asyncIterator]();
  return async (code) => {
    launched.input.write(`${JSON.stringify({ code })}\n`);
    const { value } = await lines.next();
    return JSON.parse(String(value));
  };
}

async function launch(context: TestContext, name: string, given: LaunchGift = { env: {} }) {
  const { launcher, logged } = buildLauncher(name);
  const launched = await launcher.launch(given);
  context.after(() => launched[Symbol.asyncDispose]());
  return { launched, ask: asker(launched), logged };
}

test(
  'an image that speaks over its standard streams – answers line by line, stderr apart, ends with its input',
  { skip },
  async (context) => {
    const { launched, ask, logged } = await launch(context, 'streams');
    assert.equal(await ask('1 + 1'), 2);
    assert.equal(await ask(`'ž'.repeat(100_000)`), 'ž'.repeat(100_000));
    await launched[Symbol.asyncDispose]();
    assert.match(await launched.ended, /^it exited with code 0/);
    assert.deepEqual(launched.lastErrors(), ['up, Bearer (removed)']);
    assert.ok(logged.some((line) => line.includes('up, Bearer (removed)') && line.includes('"from":"streams"')));
    assert.deepEqual([await listContainers('streams'), await listNetworks('streams')], [[], []]);
  },
);

test(
  'its container – publishes no port, and has neither capabilities nor a writable root',
  { skip },
  async (context) => {
    const { ask } = await launch(context, 'narrow');
    assert.match(String(await ask(`require('node:fs').readFileSync('/proc/self/status', 'utf8')`)), /CapBnd:\s0+\n/);
    const [container] = await listContainers('narrow');
    assert.deepEqual(container?.Ports, []);
  },
);

test('what one launch is given – is in its environment and in no other', { skip }, async (context) => {
  const { launcher } = buildLauncher('gifts');
  const [alice, bob] = await Promise.all(
    ['alice', 'bob'].map((user) => launcher.launch({ env: { API_TOKEN: new Secret(`token of ${user}`) } })),
  );
  assert.ok(alice !== undefined && bob !== undefined);
  context.after(() => Promise.all([alice[Symbol.asyncDispose](), bob[Symbol.asyncDispose]()]));
  const look = 'process.env.API_TOKEN';
  assert.deepEqual(await Promise.all([asker(alice)(look), asker(bob)(look)]), ['token of alice', 'token of bob']);
  // In one of Podman's they would reach one another.
  assert.equal((await listNetworks('gifts')).length, (await isPodman()) ? 2 : 1);
  await alice[Symbol.asyncDispose]();
  assert.equal((await listNetworks('gifts')).length, 1, 'there is one for the other');
});

test(
  'a folder within one that only its owner may enter – is read by the server, also when a file in it is replaced',
  { skip },
  async (context) => {
    const parent = await mkdtemp(join(tmpdir(), 'usher-gift-'));
    context.after(() => rm(parent, { recursive: true, force: true }));
    const path = join(parent, 'gift');
    await mkdir(path);
    await chmod(path, 0o755);
    const write = async (text: string) => {
      await writeFile(join(path, '.next'), text, { mode: 0o644 });
      await rename(join(path, '.next'), join(path, 'token'));
    };
    await write('first');
    const given = { env: {}, folder: { path, fileEnv: { TOKEN_FILE: 'token' } } };
    const { ask } = await launch(context, 'folder', given);
    const look = `require('node:fs').readFileSync(process.env.TOKEN_FILE, 'utf8')`;
    assert.equal(await ask(look), 'first');
    await write('second');
    assert.equal(await ask(look), 'second');
    const overwrite = `(() => { try { require('node:fs').writeFileSync(process.env.TOKEN_FILE, ''); return '' } catch (error) { return error.code } })()`;
    assert.match(String(await ask(overwrite)), /EROFS|EACCES/);
  },
);

test('one that ends by itself – is told with exit code and last words', { skip }, async (context) => {
  const { launcher } = buildLauncher('ends', 'console.error("no key"); process.exit(4)');
  const launched = await launcher.launch({ env: {} });
  context.after(() => launched[Symbol.asyncDispose]());
  assert.equal(await launched.ended, 'it exited with code 4; it said last: "no key"');
});

test('one that does not end with its input – is ended all the same', { skip }, async () => {
  const { launcher } = buildLauncher('stays', 'setInterval(() => {}, 1000)');
  const launched = await launcher.launch({ env: {} });
  await launched[Symbol.asyncDispose]();
  assert.deepEqual(await listContainers('stays'), []);
});

test('an image that is not there – is told before anything is launched', { skip }, async () => {
  const { launcher } = buildLauncher('none', program, { image: 'acme/none:1', pull: 'never' });
  await assert.rejects(
    launcher.prepare(),
    (error: unknown) => error instanceof UsherError && error.code === 'container_failed',
  );
  assert.equal(
    (await askEngine<unknown[]>('GET', '/containers/json?all=1')).body.filter((one) =>
      JSON.stringify(one).includes('"none"'),
    ).length,
    0,
  );
});
