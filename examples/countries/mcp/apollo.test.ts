import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { clientMissing, connectClient } from '../test/connect-client.ts';
import { startIssuer } from '../test/start-issuer.ts';
import { startProgram } from '../test/start-program.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const folders = (process.env['PATH'] ?? '').split(delimiter);
const apollo = folders.map((one) => join(one, 'apollo-mcp-server')).find((file) => existsSync(file));
const skip = apollo === undefined ? 'no apollo-mcp-server on PATH' : clientMissing;

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts the real Apollo MCP server with the example's configuration; `environment` fills it. */
async function startApollo(environment: Readonly<Record<string, string>>): Promise<AsyncDisposable & { url: string }> {
  const port = await findFreePort();
  const child = spawn(apollo ?? '', ['apollo-mcp-config.yaml'], {
    cwd: folder,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], COUNTRIES_MCP_PORT: String(port), ...environment },
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}/mcp`;
  for (let tries = 0; tries < 100 && child.exitCode === null; tries += 1) {
    const answer = await fetch(url, { method: 'POST' }).catch(() => undefined);
    await answer?.text();
    if (answer?.status === 401) break;
    await sleep(100);
  }
  assert.equal(child.exitCode, null, 'apollo-mcp-server did not start');
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

test('Apollo MCP server – the same configuration – lists the same tools and calls the API', { skip }, async () => {
  await using issuer = await startIssuer();
  const environment = { OKTA_ISSUER: issuer.issuer, NODE_EXTRA_CA_CERTS: issuer.caFile };
  await using api = await startProgram([join(folder, 'api/main.ts')], {
    ...environment,
    OKTA_AUDIENCE: 'backend',
    REQUIRED_SCOPES: 'backend-api:read',
    PORT: '0',
  });
  const own = [join(folder, 'mcp/main.ts'), join(folder, 'apollo-mcp-config.yaml'), '--port', '0'];
  await using ours = await startProgram(own, { ...environment, COUNTRIES_API_URL: api.url, COUNTRIES_DIR: folder });
  await using theirs = await startApollo({ ...environment, COUNTRIES_API_URL: api.url });
  const answers = await Promise.all(
    [ours.url, theirs.url].map(async (url) => {
      const client = await connectClient(url, await issuer.sign(), 'legacy');
      const { tools } = await client.listTools();
      const { content } = await client.callTool({ name: 'GetCountry', arguments: { code: 'SE' } });
      await client.close();
      const described = tools.map(({ name, description }) => `${name}: ${description}`).sort();
      return { described, content };
    }),
  );
  assert.deepEqual(answers[0], answers[1]);
});

test('Apollo MCP server – no CA named – starts', { skip }, async () => {
  await using server = await startApollo({});
  assert.match(server.url, /\/mcp$/);
});
