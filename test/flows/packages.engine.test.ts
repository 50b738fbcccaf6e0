import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { startUsher } from '../kit/run-usher.ts';
import { askEngine, buildImage, engineUrl, nodeImage, skip } from '../kit/test-engine.ts';
import { npmPackage, serverJson } from '../kit/start-mcp-registry.ts';
import { pingModern } from '../kit/stdio-client.ts';
import { until } from '../kit/until.ts';

/** In place of an image's entry point and of npx, which would need a registry of npm within the container: says what it was asked
 * to run, and how often it was in its cache.
 */
const runner = `
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const file = process.env.npm_config_cache + '/starts';
appendFileSync(file, 'x');
const result = { words: process.argv.slice(2), starts: readFileSync(file, 'utf8').length, scripts: process.env.npm_config_ignore_scripts };
createServer((request, response) => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
}).listen(8000, '0.0.0.0');
`;

test(
  'usher run --in-container – a package – is run by the runner of an image, and what was fetched is there at the next start',
  { skip },
  async (context) => {
    const lines = [
      `FROM ${nodeImage}`,
      'COPY runner.mjs /runner.mjs',
      'USER 0',
      'ENTRYPOINT ["/usr/bin/node", "/runner.mjs"]',
    ];
    const image = await buildImage(context, 'runner:1', lines, { 'runner.mjs': runner });
    const home = await mkdtemp(join(tmpdir(), 'usher-contained-'));
    context.after(() => rm(home, { recursive: true, force: true }));
    const before = await volumes();
    context.after(async () => {
      for (const name of await volumes()) if (!before.includes(name)) await askEngine('DELETE', `/volumes/${name}`);
    });
    const serve = async () => {
      const port = await freePort();
      const flags = [
        '--anonymous',
        '--port',
        `${port}`,
        '--target-port',
        '8000',
        '--audit-file',
        join(home, 'audit.jsonl'),
      ];
      const contained = ['--in-container', '--runtime-image', image, '--engine', engineUrl, '--pull', 'never'];
      const words = [
        'run',
        '--foreground',
        '--name',
        'contained',
        ...flags,
        ...contained,
        'npx:@acme/server@1.2.3',
        '--',
        '--port',
        '8000',
      ];
      const child = startUsher(context, words, { env: { HOME: home } });
      let [stderr, text] = ['', ''];
      child.stderr?.setEncoding('utf8').on('data', (more: string) => (stderr += more));
      await until(async () => {
        if (child.exitCode !== null) throw new Error(stderr);
        const message = { jsonrpc: '2.0', id: 1, method: 'ping' };
        const response = await post(`http://127.0.0.1:${port}/mcp`, undefined, message).catch(() => undefined);
        if (response?.status === 200) text = await response.text();
        return text !== '';
      }, 60_000);
      child.kill('SIGTERM');
      await until(() => child.exitCode !== null, 30_000);
      return JSON.parse(text).result;
    };
    const words = ['npx', '--yes', '--', '@acme/server@1.2.3', '--port', '8000'];
    assert.deepEqual(await serve(), { words, starts: 1, scripts: 'true' });
    assert.deepEqual(await serve(), { words, starts: 2, scripts: 'true' });
  },
);

/** The same for one that speaks over its standard streams. */
const stdioRunner = `
import { createInterface } from 'node:readline';
const result = { words: process.argv.slice(2), home: process.env.HOME, resultType: 'complete' };
const discovered = { supportedVersions: ['2026-07-28'], capabilities: {}, resultType: 'complete' };
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'server/discover' ? discovered : result }));
}).on('close', () => process.exit(0));
`;

for (const [what, target, prepareRegistry] of [
  ['a package with --transport stdio', ['--transport', 'stdio', 'npx:@acme/server@1.2.3'], undefined],
  ['a name whose entry is a package over stdio', ['server'], 'package'],
  ['a name whose entry is an image over stdio', ['server'], 'image'],
] as const) {
  test(
    `usher run – ${what} – runs in a container, and is called through its standard streams`,
    { skip },
    async (context) => {
      const lines = [
        `FROM ${nodeImage}`,
        'COPY runner.mjs /runner.mjs',
        'USER 0',
        'ENTRYPOINT ["/usr/bin/node", "/runner.mjs"]',
      ];
      const image = await buildImage(context, 'stdio-runner:1', lines, { 'runner.mjs': stdioRunner });
      const home = await mkdtemp(join(tmpdir(), 'usher-contained-'));
      context.after(() => rm(home, { recursive: true, force: true }));
      const before = await volumes();
      context.after(async () => {
        for (const name of await volumes()) if (!before.includes(name)) await askEngine('DELETE', `/volumes/${name}`);
      });
      const transport = { type: 'stdio' };
      const packages =
        prepareRegistry === 'image'
          ? [{ registryType: 'oci', identifier: image, transport }]
          : [npmPackage({ identifier: '@acme/server', version: '1.2.3', transport })];
      const file = join(home, 'servers.json');
      await writeFile(file, JSON.stringify([serverJson({ name: 'com.acme/server', packages })]));
      const port = await freePort();
      const contained = prepareRegistry === 'image' ? [] : ['--in-container', '--runtime-image', image];
      const child = startUsher(
        context,
        [
          'run',
          '--foreground',
          '--yes',
          '--anonymous',
          '--port',
          `${port}`,
          '--audit-file',
          join(home, 'audit.jsonl'),
          '--registry',
          file,
          '--engine',
          engineUrl,
          '--pull',
          'never',
          ...contained,
          ...target,
          '--',
          'more',
        ],
        { env: { HOME: home } },
      );
      let stderr = '';
      child.stderr?.setEncoding('utf8').on('data', (more: string) => (stderr += more));
      await until(() => stderr.includes('Usher listens on') || child.exitCode !== null, 60_000);
      assert.equal(child.exitCode, null, stderr);
      const { result } = (await (await pingModern(`http://127.0.0.1:${port}/mcp`)).json()) as { result: unknown };
      const words = prepareRegistry === 'image' ? ['more'] : ['npx', '--yes', '--', '@acme/server@1.2.3', 'more'];
      assert.deepEqual(result, {
        words,
        home: prepareRegistry === 'image' ? '/' : '/tmp',
        resultType: 'complete',
      });
      child.kill('SIGTERM');
      await until(() => child.exitCode !== null, 30_000);
      assert.equal(child.exitCode, 0, stderr);
    },
  );
}

async function volumes(): Promise<readonly string[]> {
  const { body } = await askEngine<{ Volumes: readonly { Name: string }[] | null }>('GET', '/volumes');
  return (body.Volumes ?? []).map(({ Name }) => Name).filter((name) => name.startsWith('usher-packages-'));
}
