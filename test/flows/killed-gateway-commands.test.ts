import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { makeMachine, type TestMachine } from '../kit/make-machine.ts';
import { collectResult } from '../kit/run-usher.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { prepareStdioServer } from '../kit/stdio-server.ts';
import { until } from '../kit/until.ts';

const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';
/** An MCP server of sorts that does not go when it is asked to, nor does what it starts; it writes both their numbers down. */
const stubborn = `
process.on('SIGTERM', () => {});
require('node:fs').appendFileSync(process.argv[2], process.pid + '\\n');
if (process.argv[1] === 'child') setInterval(() => {}, 1_000);
else {
  require('node:child_process').spawn(process.execPath, ['-e', process.execArgv[1], 'child', process.argv[2]], { stdio: 'ignore' });
  require('node:http').createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end('{"jsonrpc":"2.0","id":1,"result":{}}'),
  ).listen(process.argv[1], '127.0.0.1');
}
`;

interface Killable {
  readonly machine: TestMachine;
  readonly args: readonly string[];
  readonly targetPort: number;
  readonly url: string;
  /** Of the command and of its child. */
  readonly pids: () => readonly number[];
  readonly gatewayPid: () => number;
  readonly state: () => Promise<unknown>;
}

async function prepare(context: TestContext): Promise<Killable> {
  // First, so that it runs before the folder goes.
  context.after(() => {
    for (const pid of pids().filter(isAlive)) process.kill(pid, 'SIGKILL');
  });
  const machine = makeMachine(context);
  const [port, targetPort] = [await freePort(), await freePort()];
  const file = join(machine.home, 'pids');
  const pids = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').map(Number).filter(Boolean) : []);
  const command = [process.execPath, '-e', stubborn, `${targetPort}`, file];
  return {
    machine,
    args: ['--anonymous', '--name', 'apollo', '--port', `${port}`, '--target-port', `${targetPort}`, '--', ...command],
    targetPort,
    url: `http://127.0.0.1:${port}/mcp`,
    pids,
    gatewayPid: () => (JSON.parse(machine.read('apollo', 'run.json')) as { process: { pid: number } }).process.pid,
    state: async () => (await machine.look('apollo'))?.['state'],
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a server in the background that is killed – its command goes, and it starts again at once, at its port', async (context) => {
  const { machine, args, url, pids, gatewayPid, state } = await prepare(context);
  const { code, stderr } = await machine.usher(['run', ...args]);
  assert.equal(code, 0, stderr);
  await until(() => pids().length === 2);
  const before = pids();
  process.kill(gatewayPid(), 'SIGKILL');
  // Nobody has to wait for what is left of it.
  const started = await machine.usher(['start', 'apollo']);
  assert.equal(started.code, 0, started.stderr);
  assert.equal(await state(), 'running');
  assert.equal((await post(url, undefined, body)).status, 200);
  await until(() => !before.some(isAlive));
});

test('a server in the background that is killed – is crashed, its port is free, and its last words say what was ended', async (context) => {
  const { machine, args, targetPort, pids, gatewayPid, state } = await prepare(context);
  assert.equal((await machine.usher(['run', ...args])).code, 0);
  await until(() => pids().length === 2);
  process.kill(gatewayPid(), 'SIGKILL');
  await until(() => !pids().some(isAlive));
  assert.equal(await state(), 'crashed');
  const { stdout } = await machine.usher(['status', 'apollo']);
  assert.match(stdout, new RegExp(`Process \\d+ of Usher ended without a word: .*\\(${pids()[0]}\\)`));
  const port = createServer();
  await new Promise<void>((resolve, reject) => port.once('error', reject).listen(targetPort, '127.0.0.1', resolve));
  port.close();
  assert.equal((await machine.usher(['rm', 'apollo'])).stdout, 'apollo is gone\n');
});

test('a server in a terminal that is killed – its command goes, and it runs again at once', async (context) => {
  const { machine, args, url, pids, state } = await prepare(context);
  const first = machine.start(['run', '--foreground', ...args]);
  const result = collectResult(first);
  await until(async () => (await state()) === 'running');
  await until(() => pids().length === 2);
  const before = pids();
  first.kill('SIGKILL');
  machine.start(['run', '--foreground', ...args]);
  assert.match((await result).stderr, /Process \d+ of Usher ended without a word/);
  await until(() => !before.some(isAlive));
  await until(async () => (await state()) === 'running');
  assert.equal((await post(url, undefined, body)).status, 200);
});

test('a port that somebody else has – is refused all the same, after a moment', async (context) => {
  const { machine, args, targetPort } = await prepare(context);
  const other = createServer().listen(targetPort, '127.0.0.1');
  context.after(() => other.close());
  const { code, stderr } = await machine.usher(['run', ...args]);
  assert.equal(code, 4, stderr);
  assert.match(stderr, /port \d+ is in use already; what listens there is not the command that would be started/);
});

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

test("a killed gateway – a user's process that goes neither with its input nor when it is asked goes, and the file with the token", async (context) => {
  const machine = makeMachine(context);
  const server = await prepareStdioServer(context, 'modern');
  const deaf = `process.on('SIGTERM', () => {}); process.exit = () => {}; setInterval(() => {}, 1_000); import(process.argv[1]);`;
  const command = [process.execPath, '-e', deaf, ...server.command.slice(1)];
  await using issuer = await startIssuer();
  const backendToken = await issuer.sign({ aud: 'backend', scp: ['backend-api:read'] });
  issuer.onToken = (_, response) =>
    sendJson(response, 200, {
      access_token: backendToken,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'backend-api:read',
    });
  await writeFile(join(machine.home, 'secret'), 'gateway-s3cr3t', { mode: 0o600 });
  const port = await freePort();
  const flags = {
    name: 'apollo',
    port: `${port}`,
    transport: 'stdio',
    'user-token-file': 'API_TOKEN_FILE',
    'oidc-issuer': issuer.issuer,
    'oidc-audience': 'mcpserver',
    'token-exchange-url': issuer.tokenUrl,
    'token-exchange-client-id': '0oaGateway',
    'token-exchange-client-secret-file': 'secret',
    'token-exchange-audience': 'backend',
    'token-exchange-scopes': 'backend-api:read',
  };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const started = await machine.usher(['run', ...words, '--', ...command], { cwd: machine.home });
  assert.equal(started.code, 0, started.stderr);
  const answer = await post(
    `http://127.0.0.1:${port}/mcp`,
    await issuer.sign({ sub: 'alice' }),
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'file', arguments: {}, _meta: meta } },
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'file' },
  );
  const { result } = (await answer.json()) as { result: { content: { text: string }[] } };
  const file = result.content[0]?.text ?? '';
  assert.equal(readFileSync(file, 'utf8'), backendToken);
  assert.equal((await server.alive()).length, 1);
  const { process: gateway } = JSON.parse(machine.read('apollo', 'run.json')) as { process: { pid: number } };
  process.kill(gateway.pid, 'SIGKILL');
  await until(async () => (await server.alive()).length === 0);
  await until(() => !existsSync(dirname(file)));
});
