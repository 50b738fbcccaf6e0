import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { freePort } from '../kit/free-port.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { startNpmRegistry, type TestPackage } from '../kit/start-npm-registry.ts';

const program = `#!/usr/bin/env node
require('node:http').createServer((request, response) => {
  response.setHeader('content-type', 'application/json').end('{"jsonrpc":"2.0","id":1,"result":{}}');
}).listen(process.argv[2], '127.0.0.1');
`;
const spelled = 'npx:@acme/kept@1.0.0';

/** One whose install script leaves a mark in the home of whoever runs it. */
function scriptedPackage(version: string): TestPackage {
  const scripts = { postinstall: 'node mark.js' };
  return {
    manifest: { name: '@acme/scripted', version, bin: { scripted: 'server.js' }, scripts },
    files: {
      'server.js': program,
      'mark.js': `require('node:fs').writeFileSync(process.env.npm_config_marks + '/${version}', '');`,
    },
  };
}

/** A machine on which a package of a registry can be run in the background. */
async function prepare(context: TestContext) {
  const manifest = { name: '@acme/kept', version: '1.0.0', bin: { kept: 'server.js' } };
  const registry = await startNpmRegistry(context, [
    { manifest, files: { 'server.js': program } },
    ...['1.0.0', '2.0.0'].map(scriptedPackage),
  ]);
  const marks = makeFolder(context);
  const settings = { npm_config_registry: registry.url, npm_config_fetch_retries: '0', npm_config_marks: marks };
  const machine = makeMachine(context, settings);
  const cache = join(machine.home, '.cache/usher/packages');
  return {
    machine,
    another: () => makeMachine(context, settings),
    cache,
    /** Folders and names in the cache. */
    kept: () => readdirSync(cache).filter((name) => !name.startsWith('.')),
    /** Versions whose install scripts have run. */
    marked: () => readdirSync(marks),
    marks,
    run: async (name: string): Promise<string> => {
      const [port, targetPort] = [await freePort(), await freePort()];
      const ports = ['--port', `${port}`, '--target-port', `${targetPort}`];
      const words = ['run', '--anonymous', '--no-client', '--name', name, ...ports, spelled, '--', `${targetPort}`];
      const { code, stderr } = await machine.usher(words);
      assert.equal(code, 0, stderr);
      return `http://127.0.0.1:${port}/mcp`;
    },
  };
}

test('usher export – a server of a package – has it as it was written, and runs so on another machine', async (context) => {
  const { machine, another, run, cache } = await prepare(context);
  const url = await run('kept');
  const { stdout } = await machine.usher(['export', 'kept']);
  assert.match(stdout, /command:\n +- "?npx:@acme\/kept@1\.0\.0"?\n/);
  assert.ok(!stdout.includes(cache), stdout);
  assert.match((await machine.usher(['list'])).stdout, /npx:@acme\/kept@1\.0\.0/);
  await machine.usher(['stop', 'kept']);
  const other = another();
  const file = join(other.home, 'usher.yaml');
  await writeFile(file, stdout.replace(/file: \S+audit\S+/, `file: ${join(other.home, 'audit.jsonl')}`));
  const started = await other.usher(['run', '-f', file, '--no-client']);
  assert.equal(started.code, 0, started.stderr);
  assert.match(started.stderr, /Fetched npx:@acme\/kept@1\.0\.0/);
  assert.equal((await post(url, undefined, '{"jsonrpc":"2.0","id":1,"method":"ping"}')).status, 200);
});

test('usher start – a server whose package left the cache – fetches it again', async (context) => {
  const { machine, run, cache } = await prepare(context);
  const url = await run('kept');
  await machine.usher(['stop', 'kept']);
  await rm(cache, { recursive: true });
  const { code, stderr } = await machine.usher(['start', 'kept']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Fetched npx:@acme\/kept@1\.0\.0/);
  assert.equal((await post(url, undefined, '{"jsonrpc":"2.0","id":1,"method":"ping"}')).status, 200);
});

test('usher rm – servers of one package – takes it out of the cache with the last of them', async (context) => {
  const { machine, run, kept } = await prepare(context);
  await run('first');
  await run('second');
  const before = kept();
  assert.equal(before.length, 2, before.join(', '));
  assert.equal((await machine.usher(['rm', '--force', 'first'])).code, 0);
  assert.deepEqual(kept(), before);
  await machine.usher(['stop', 'second']);
  const { stderr } = await machine.usher(['rm', 'second']);
  assert.match(stderr, /A package that no server has any more is gone from /);
  assert.deepEqual(kept(), []);
});

test('usher rm – while the package runs in a terminal – leaves it there', async (context) => {
  const { machine, run, kept } = await prepare(context);
  await run('first');
  const targetPort = await freePort();
  const ports = ['--port', `${await freePort()}`, '--target-port', `${targetPort}`];
  const words = ['run', '--foreground', '--anonymous', '--no-client', '--name', 'here', ...ports, spelled];
  const child = machine.start([...words, '--', `${targetPort}`]);
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said += String(text)));
  while (!said.includes('Usher listens')) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await machine.usher(['rm', '--force', 'first'])).code, 0);
  assert.equal(kept().length, 2);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
});

test('a command that is a package without its version – in a configuration – is refused', async (context) => {
  const machine = makeMachine(context);
  const targetPort = await freePort();
  const words = [
    'run',
    '--anonymous',
    '--no-client',
    '--port',
    `${await freePort()}`,
    '--target-port',
    `${targetPort}`,
  ];
  const { code, stderr } = await machine.usher([...words, '--', 'npx:@acme/kept']);
  assert.equal(code, 4, stderr);
  assert.match(stderr, /npx:@acme\/kept.*it names no exact version, and each start could run another/);
});

test('usher update – to another version of a package whose install scripts were allowed – runs none of that one', async (context) => {
  const { machine, cache, marked, marks } = await prepare(context);
  const [port, targetPort] = [await freePort(), `${await freePort()}`];
  const ports = ['--port', `${port}`, '--target-port', targetPort];
  const allowed = ['run', '--anonymous', '--no-client', '--name', 'scripted', '--allow-install-scripts', ...ports];
  const first = await machine.usher([...allowed, 'npx:@acme/scripted@1.0.0', '--', targetPort]);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(marked(), ['1.0.0']);
  rmSync(join(marks, '1.0.0'));
  await machine.usher(['stop', 'scripted']);
  await rm(cache, { recursive: true });
  await machine.usher(['start', 'scripted']);
  assert.deepEqual(marked(), ['1.0.0'], 'of the package that was agreed to');
  const { code, stderr } = await machine.usher(['update', 'scripted', '--', 'npx:@acme/scripted@2.0.0', targetPort]);
  assert.equal(code, 0, stderr);
  assert.match((await machine.usher(['export', 'scripted'])).stdout, /scripted@2\.0\.0/);
  assert.equal((await machine.look('scripted'))?.['state'], 'running');
  assert.deepEqual(marked(), ['1.0.0']);
});
