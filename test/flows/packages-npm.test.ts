import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { runProgram } from '../kit/run-program.ts';
import { runUsher, startUsher } from '../kit/run-usher.ts';
import { startNpmRegistry, type TestPackage } from '../kit/start-npm-registry.ts';
import { until } from '../kit/until.ts';

/** An MCP server of sorts: tells its arguments, its environment and its dependency in the answer. */
const program = `#!/usr/bin/env node
const { word } = require('usher-test-words');
require('node:http').createServer((request, response) => {
  const result = { word, args: process.argv.slice(2), env: Object.keys(process.env) };
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
}).listen(process.argv[2], '127.0.0.1');
`;
interface Answer {
  readonly word: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
}

const mark = `require('node:fs').writeFileSync(process.env.npm_config_mark, 'ran')`;

function serverPackage(version: string, change: Partial<TestPackage> = {}): TestPackage {
  const bin = { 'usher-test-server': 'server.js', other: 'server.js' };
  const dependencies = { 'usher-test-words': '1.0.0' };
  const manifest = { name: '@acme/usher-test-server', version, bin, dependencies };
  return { manifest, files: { 'server.js': program }, ...change };
}

function wordsPackage(change: Partial<TestPackage> = {}): TestPackage {
  const scripts = { postinstall: 'node mark.js' };
  return {
    manifest: { name: 'usher-test-words', version: '1.0.0', scripts },
    files: { 'index.js': "exports.word = 'hello';", 'mark.js': mark },
    ...change,
  };
}

async function prepare(context: TestContext, packages: readonly TestPackage[]) {
  const home = await mkdtemp(join(tmpdir(), 'usher-packages-'));
  context.after(() => rm(home, { recursive: true, force: true }));
  const registry = await startNpmRegistry(context, packages);
  const [port, targetPort] = [await freePort(), await freePort()];
  const env = {
    HOME: home,
    npm_config_registry: registry.url,
    npm_config_fetch_retries: '0',
    npm_config_mark: join(home, 'mark'),
    TEST_SECRET: 'shall not be seen',
  };
  const common = [
    'run',
    '--foreground',
    '--anonymous',
    '--port',
    `${port}`,
    '--target-port',
    `${targetPort}`,
    '--audit-file',
    join(home, 'audit.jsonl'),
  ];
  return {
    home,
    registry,
    /** Packages and what was begun of them. */
    kept: async () => (await readdir(join(home, '.cache/usher/packages'))).filter((name) => !name.startsWith('.')),
    hasRunScripts: async () => (await readdir(home)).includes('mark'),
    run: (...args: string[]) => runUsher(context, [...common, ...args], { env }),
    runWith: (more: Record<string, string>, ...args: string[]) =>
      runUsher(context, [...common, ...args], { env: { ...env, ...more } }),
    /** Starts it, waits until it answers, and returns the answer and what was said meanwhile. */
    async serve(...args: string[]) {
      const child = startUsher(context, [...common, ...args, '--', `${targetPort}`, '--name', 'a b'], { env });
      let stderr = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const body = { jsonrpc: '2.0', id: 1, method: 'ping' };
      let text: string | undefined;
      await until(async () => {
        if (child.exitCode !== null) throw new Error(stderr);
        const response = await post(`http://127.0.0.1:${port}/mcp`, undefined, body).catch(() => undefined);
        if (response?.status === 200) text = await response.text();
        return text !== undefined;
      }, 60_000);
      const answer: Answer = JSON.parse(text ?? '').result;
      child.kill('SIGTERM');
      await until(async () => child.exitCode !== null);
      return { answer, stderr, targetPort };
    },
    start: (...args: string[]) => startUsher(context, [...common, ...args], { env }),
  };
}

test('usher run – a package without a version – runs the newest, names it, and gives it arguments but no environment', async (context) => {
  const lab = await prepare(context, [serverPackage('1.0.0'), serverPackage('1.2.0'), wordsPackage()]);
  const { answer, stderr, targetPort } = await lab.serve('npx:@acme/usher-test-server');
  assert.deepEqual(answer.args, [`${targetPort}`, '--name', 'a b']);
  assert.equal(answer.word, 'hello');
  assert.ok(!answer.env.some((name) => name === 'TEST_SECRET' || name.startsWith('npm_config')));
  assert.match(stderr, /npx:@acme\/usher-test-server is not pinned: npx:@acme\/usher-test-server@1\.2\.0 is run/);
});

test('usher run – a pinned package that was run before – needs no registry', async (context) => {
  const lab = await prepare(context, [serverPackage('1.0.0'), serverPackage('1.2.0'), wordsPackage()]);
  const first = await lab.serve('npx://@acme/usher-test-server@1.0.0');
  assert.doesNotMatch(first.stderr, /not pinned/);
  await lab.registry.close();
  const { stderr } = await lab.serve('npx:@acme/usher-test-server@1.0.0');
  assert.doesNotMatch(stderr, /Fetching/);
});

test('usher run – a package with install scripts – runs none of them unless that is allowed, and names whose they are', async (context) => {
  const lab = await prepare(context, [serverPackage('1.0.0'), wordsPackage()]);
  const { stderr } = await lab.serve('npx:@acme/usher-test-server@1.0.0');
  assert.equal(await lab.hasRunScripts(), false);
  assert.match(stderr, /has install scripts \(of usher-test-words\), which were not run/);
  const allowed = await lab.serve('--allow-install-scripts', 'npx:@acme/usher-test-server@1.0.0');
  assert.equal(await lab.hasRunScripts(), true);
  assert.match(allowed.stderr, /has install scripts \(of usher-test-words\), which were run/);
});

test('usher run – a package that wants one out of a git repository, which brings programs – is not run, and runs nothing, unless that is allowed', async (context) => {
  const repository = await mkdtemp(join(tmpdir(), 'usher-git-'));
  context.after(() => rm(repository, { recursive: true, force: true }));
  const files = {
    'package.json': JSON.stringify({
      name: 'usher-test-words',
      version: '1.0.0',
      dependencies: { inner: `git+file://${repository}` },
      scripts: { prepare: 'true' },
    }),
    '.npmrc': `git=${join(repository, 'program')}\n`,
    program: `#!/bin/sh\ntouch ${join(repository, 'mark')}\nexec git "$@"\n`,
    'index.js': "exports.word = 'hello';",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(repository, name), text, { mode: 0o755 });
  const git = (...args: string[]) =>
    runProgram(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: repository });
  await git('init', '-q');
  await git('add', '-A');
  await git('commit', '-qm', 'all');
  const lab = await prepare(context, [
    serverPackage('1.0.0', {
      manifest: {
        name: '@acme/usher-test-server',
        version: '1.0.0',
        bin: 'server.js',
        dependencies: { 'usher-test-words': `git+file://${repository}` },
      },
    }),
  ]);
  const { code, stderr } = await lab.run('npx:@acme/usher-test-server@1.0.0');
  assert.equal(code, 4, stderr);
  assert.match(stderr, /hint: One of its packages comes from a git repository.*--allow-install-scripts/);
  assert.ok(!(await readdir(repository)).includes('mark'));
});

test('usher run – a package whose bytes are not those the registry names – is not run, and nothing of it stays', async (context) => {
  const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
  const lab = await prepare(context, [serverPackage('1.0.0'), wordsPackage({ integrity })]);
  const { code, stderr } = await lab.run('npx:@acme/usher-test-server@1.0.0');
  assert.equal(code, 4);
  assert.match(stderr, /Cannot fetch the package npx:@acme\/usher-test-server@1\.0\.0: npm says: .*EINTEGRITY/);
  assert.deepEqual(await lab.kept(), []);
});

test('usher run – a package that is not there, or a registry that is not – is one sentence with what to do', async (context) => {
  const lab = await prepare(context, [wordsPackage()]);
  const missing = await lab.run('npx:usher-test-missing');
  assert.equal(missing.code, 4);
  assert.match(missing.stderr, /Cannot fetch the package npx:usher-test-missing: npm says: .*E404/);
  assert.match(missing.stderr, /hint: Check its name and version/);
  await lab.registry.close();
  const unreachable = await lab.run('npx:usher-test-missing@1.0.0');
  assert.equal(unreachable.code, 4);
  assert.match(unreachable.stderr, /ECONNREFUSED/);
});

test('usher run – a package without a program – is refused', async (context) => {
  const lab = await prepare(context, [wordsPackage()]);
  const { code, stderr } = await lab.run('npx:usher-test-words@1.0.0');
  assert.equal(code, 4);
  assert.match(stderr, /npx:usher-test-words@1\.0\.0: it has no program to run/);
});

test('usher run – npm is not there – says how to get it, or to run it in a container', async (context) => {
  const lab = await prepare(context, [wordsPackage()]);
  const bin = join(lab.home, 'bin');
  await mkdir(bin);
  await symlink(process.execPath, join(bin, 'node'));
  const { code, stderr } = await lab.runWith({ PATH: [bin].join(delimiter) }, 'npx:usher-test-words@1.0.0');
  assert.equal(code, 4);
  assert.match(stderr, /Cannot fetch the package npx:usher-test-words@1\.0\.0: npm is not on PATH/);
  assert.match(stderr, /hint: Install Node\.js from https:\/\/nodejs\.org, which brings npm; or .*--in-container/);
});

test('usher run – a package beside a mistake in the flags – fetches nothing', async (context) => {
  const lab = await prepare(context, [serverPackage('1.0.0'), wordsPackage()]);
  const { code, stderr } = await lab.run('--oidc-isuer', 'x', 'npx:@acme/usher-test-server');
  assert.equal(code, 2);
  assert.match(stderr, /--oidc-isuer: is unknown/);
  assert.deepEqual(lab.registry.seen, []);
});

test('usher run – stopped while it fetches – ends, and leaves neither npm nor half a package', async (context) => {
  const lab = await prepare(context, [serverPackage('1.0.0', { hangs: true }), wordsPackage()]);
  const child = lab.start('npx:@acme/usher-test-server@1.0.0');
  await until(async () => lab.registry.seen.some(({ url }) => url.endsWith('.tgz')), 60_000);
  child.kill('SIGTERM');
  await until(async () => child.exitCode !== null, 30_000);
  assert.equal(child.exitCode, 0);
  assert.deepEqual(await lab.kept(), []);
  const commands = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')),
  );
  assert.ok(!commands.some((environment) => environment.includes(`HOME=${lab.home}`)));
});
