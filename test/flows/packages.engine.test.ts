import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { makePackageRunner } from '../kit/package-runner.ts';
import { npmPackage, serverJson } from '../kit/start-mcp-registry.ts';
import { pingModern } from '../kit/stdio-client.ts';
import { skip } from '../kit/test-engine.ts';
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
    const machine = await makePackageRunner(context, 'runner:1', runner);
    const serve = async () => {
      const contained = ['--in-container', '--runtime-image', machine.image, '--target-port', '8000'];
      const command = ['npx:@acme/server@1.2.3', '--', '--port', '8000'];
      const server = await machine.run(['--name', 'contained', ...contained, ...command]);
      let text = '';
      await until(async () => {
        if (server.exitCode() !== null) throw new Error(server.stderr());
        const message = { jsonrpc: '2.0', id: 1, method: 'ping' };
        const response = await post(server.url, undefined, message).catch(() => undefined);
        if (response?.status === 200) text = await response.text();
        return text !== '';
      }, 60_000);
      await server.stop();
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
      const machine = await makePackageRunner(context, 'stdio-runner:1', stdioRunner);
      const { image } = machine;
      const transport = { type: 'stdio' };
      const packages =
        prepareRegistry === 'image'
          ? [{ registryType: 'oci', identifier: image, transport }]
          : [npmPackage({ identifier: '@acme/server', version: '1.2.3', transport })];
      const file = join(machine.home, 'servers.json');
      await writeFile(file, JSON.stringify([serverJson({ name: 'com.acme/server', packages })]));
      const contained = prepareRegistry === 'image' ? [] : ['--in-container', '--runtime-image', image];
      const server = await machine.run(['--yes', '--registry', file, ...contained, ...target, '--', 'more']);
      await until(() => server.stderr().includes('Usher listens on') || server.exitCode() !== null, 60_000);
      assert.equal(server.exitCode(), null, server.stderr());
      const { result } = (await (await pingModern(server.url)).json()) as { result: unknown };
      const words = prepareRegistry === 'image' ? ['more'] : ['npx', '--yes', '--', '@acme/server@1.2.3', 'more'];
      assert.deepEqual(result, {
        words,
        home: prepareRegistry === 'image' ? '/' : '/tmp',
        resultType: 'complete',
      });
      await server.stop();
      assert.equal(server.exitCode(), 0, server.stderr());
    },
  );
}
