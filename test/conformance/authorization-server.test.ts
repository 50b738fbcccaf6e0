import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { startIdp } from '../../src/idp/start-idp.ts';
import { signIn } from '../kit/scripted-browser.ts';

const suite = createRequire(new URL('../clients/package.json', import.meta.url)).resolve(
  '@modelcontextprotocol/conformance/dist/index.js',
);
const timeoutMs = 60_000;

/** One line of the suite's `checks.json`. */
interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED';
  readonly errorMessage?: string;
}

interface Outcome {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly checks: readonly Check[];
  /** What the suite's own page said when the browser came back. */
  readonly callbackStatus: number;
}

/** A seed whose server reads client metadata documents too: all that the suite asks for. */
const fullSeed = `
org: Conformance
servers:
  - id: mcp
    name: MCP
    scheme: http
    audience: mcp
    clientIdMetadataDocuments: true
    scopes: [{ name: 'mcp:tools:call', published: true, default: true }]
    policies:
      - name: All
        clients: ALL_CLIENTS
        rules: [{ name: All, grantTypes: [authorization_code], scopes: '*' }]
apps:
  - clientId: suite
    label: Conformance suite
    type: native
    consent: required
    grantTypes: [authorization_code]
    redirectUris: ['http://127.0.0.1/callback']
users:
  - { login: alice@example.com, password: alice, name: Alice }
`;

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-conformance-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function readChecks(folder: string): Promise<readonly Check[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('checks.json'));
  const lists = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as readonly Check[]),
  );
  return lists.flat();
}

/** Runs both authorization-server scenarios and is the person at the browser the second one waits for. */
async function runSuite(t: TestContext, issuer: string, settings: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const folder = await makeFolder(t);
  const settingsFile = join(folder, 'settings.json');
  const results = join(folder, 'results');
  await writeFile(settingsFile, JSON.stringify({ ...settings, url: issuer }));
  const port = String(await findFreePort());
  const args = [suite, 'authorization', '--file', settingsFile, '--port', port, '--output-dir', results];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  const exited = once(child, 'exit');
  const stderr = text(child.stderr);
  let callbackStatus = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith(`${issuer}/v1/authorize?`)) continue;
    const callback = await signIn(line, { username: 'alice@example.com', password: 'alice' });
    callbackStatus = (await fetch(callback)).status;
  }
  await exited;
  return { exitCode: child.exitCode, stderr: await stderr, checks: await readChecks(results), callbackStatus };
}

function statuses({ checks }: Outcome): Readonly<Record<string, string>> {
  return Object.fromEntries(checks.map(({ id, status }) => [id, status]));
}

await test(
  'authorization-server suite – built-in seed, public client – passes both scenarios',
  { timeout: timeoutMs },
  async (t) => {
    await using idp = await startIdp({ httpPort: 0, httpsPort: 0, stateDir: await makeFolder(t) });
    const issuer = idp.servers.find(({ id }) => id === 'mcpserver')?.issuer ?? 'no server mcpserver';
    const outcome = await runSuite(t, issuer, { clientId: 'demo' });
    assert.equal(outcome.callbackStatus, 200, outcome.stderr);
    assert.deepEqual(statuses(outcome), {
      'authorization-server-metadata': 'SUCCESS',
      // The built-in seed makes no requests to others, so it does not read client metadata documents. The next test does.
      'authorization-server-metadata-cimd': 'WARNING',
      'authorization-code-grant': 'SUCCESS',
    });
    assert.equal(outcome.exitCode, 0);
  },
);

await test(
  'authorization-server suite – client metadata documents, consent, resource – passes without a warning',
  { timeout: timeoutMs },
  async (t) => {
    const stateDir = await makeFolder(t);
    const seedFile = join(stateDir, 'seed.yaml');
    await writeFile(seedFile, fullSeed);
    await using idp = await startIdp({ httpPort: 0, httpsPort: 0, stateDir, seedFile });
    const outcome = await runSuite(t, idp.servers[0]?.issuer ?? 'no server', {
      clientId: 'suite',
      resource: 'http://localhost:8000/mcp',
    });
    assert.equal(outcome.callbackStatus, 200, outcome.stderr);
    assert.deepEqual(statuses(outcome), {
      'authorization-server-metadata': 'SUCCESS',
      'authorization-server-metadata-cimd': 'SUCCESS',
      'authorization-code-grant': 'SUCCESS',
    });
    assert.equal(outcome.exitCode, 0);
  },
);
