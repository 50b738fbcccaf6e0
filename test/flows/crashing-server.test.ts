import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { collectResult, runUsher, startUsher } from '../kit/run-usher.ts';
import { startHttpServer } from '../kit/start-http-server.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { until } from '../kit/until.ts';

/** An MCP server of sorts that writes its process id down, and does as the method says: `crash`, or hang at `hang`. */
const server = `
const note = (pid) => require('node:fs').appendFileSync(process.argv[2], pid + '\\n');
note(process.pid);
require('node:http').createServer((request, response) => {
  let text = '';
  request.on('data', (data) => { text += data; }).on('end', () => {
    const { method } = JSON.parse(text);
    if (method === 'crash') {
      console.error('warming up');
      console.error('out of luck, authorization: Bearer s3cr3t-0paque-value');
      process.exit(7);
    }
    if (method === 'hang') note('hangs');
    else response.setHeader('content-type', 'application/json').end('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
}).listen(process.argv[1], '127.0.0.1');
`;

interface Options {
  readonly program?: string;
  readonly firstMs?: number;
  readonly healthyMs?: number;
  readonly restart?: 'always' | 'never';
}

/** A command's arguments, and the process ids that it wrote down. */
async function prepare(context: TestContext, program = server) {
  const folder = await mkdtemp(join(tmpdir(), 'usher-crash-'));
  const targetPort = await freePort();
  const pidFile = join(folder, 'pids');
  const pids = async () => (await readFile(pidFile, 'utf8').catch(() => '')).split('\n').map(Number).filter(Boolean);
  context.after(async () => {
    for (const pid of await pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const isHanging = async () => (await readFile(pidFile, 'utf8')).includes('hangs');
  return { folder, targetPort, pids, isHanging, command: [process.execPath, '-e', program, `${targetPort}`, pidFile] };
}

async function start(
  context: TestContext,
  { program, firstMs = 10, healthyMs = 60_000, restart = 'always' }: Options = {},
) {
  const { command, targetPort, pids, isHanging } = await prepare(context, program);
  const gateway = await startTestGateway(
    {
      child: {
        authenticate: [{ strategy: 'anonymous' }],
        upstream: { strategy: 'process', command, targetPort, restart },
      },
    },
    { restartTimes: { firstMs, longestMs: Math.max(firstMs, 100), healthyMs } },
  );
  context.after(() => gateway.close());
  const call = (method: string) => post(gateway.mcpUrl, undefined, { jsonrpc: '2.0', id: 1, method });
  return {
    gateway,
    pids,
    isHanging,
    targetPort,
    call,
    ready: () => fetch(`${gateway.url}/ready`),
    logged: (text: string) => gateway.logged.filter((line) => line.includes(text)),
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Long enough that nothing is started again while a test looks. */
const never = 100_000;

test('a command that crashed – calls meanwhile are refused with 503 and the time of the next attempt', async (context) => {
  const { call, gateway, ready, logged } = await start(context, { firstMs: never });
  assert.equal((await call('crash')).status, 502);
  await until(async () => (await ready()).status === 503);
  assert.deepEqual(await (await ready()).json(), { status: 'not ready', waitingFor: ['the server of child'] });
  const response = await call('tools/list');
  assert.equal(response.status, 503);
  const retryAfter = Number(response.headers.get('retry-after'));
  assert.ok(retryAfter > 75 && retryAfter <= 100, `Retry-After is ${retryAfter}`);
  const body = await response.text();
  assert.match(body, /"code":"workload_down"/);
  assert.ok(!body.includes('node'), 'the caller is not told what runs here');
  const record = (await gateway.records()).at(-1);
  assert.equal(record?.code, 'workload_down');
  assert.match(record.hint ?? '', /node: it exited with code 7\. It is started again at 20\d\d-.*Z\.$/);
  assert.equal(logged('is run here ended').length, 1);
});

test('a command that crashed – its last words are in the log line of its end, without tokens', async (context) => {
  const { call, logged } = await start(context, { firstMs: never });
  await call('crash');
  await until(() => logged('is run here ended').length === 1);
  const [line = ''] = logged('is run here ended');
  assert.match(line, /^warn: /);
  assert.match(line, /"stderr":\["warming up","out of luck, authorization: Bearer \(removed\)"\]/);
});

test('a command that crashed – started again, calls are answered again, one log line says so', async (context) => {
  const { call, ready, logged, pids } = await start(context);
  for (const round of [1, 2]) {
    await call('crash');
    await until(() => logged('is up again').length === round);
    assert.equal((await ready()).status, 200);
    assert.equal((await call('tools/list')).status, 200);
  }
  assert.equal((await pids()).length, 3);
  assert.equal(logged('is run here ended').length, 2);
});

for (const [healthyMs, attempts] of [
  [0, [1, 1]],
  [60_000, [1, 2]],
] as const) {
  test(`a command that crashed twice – was well after ${healthyMs} ms – attempts are counted ${attempts.join(', ')}`, async (context) => {
    const { call, logged } = await start(context, { healthyMs });
    for (const [round, attempt] of attempts.entries()) {
      await call('crash');
      await until(() => logged('is up again').length === round + 1);
      assert.match(logged('is up again')[round] ?? '', new RegExp(`"attempts":${attempt},`));
    }
  });
}

test('a call that is under way when the command crashes – 502, and not sent again', async (context) => {
  const { call, pids, isHanging, gateway } = await start(context, { firstMs: never });
  const hanging = call('hang');
  const [pid = 0] = await pids();
  await until(isHanging);
  process.kill(pid, 'SIGKILL');
  assert.equal((await hanging).status, 502);
  await until(async () => (await call('tools/list')).status === 503);
  const record = (await gateway.records()).at(-1);
  assert.match(record?.hint ?? '', /node: it was ended by SIGKILL\./);
});

test('a command whose leader was killed – the child it left is ended, and the port is free for the next', async (context) => {
  const listener = `
    const { spawn } = require('node:child_process');
    const [port, pidFile] = process.argv.slice(1);
    require('node:fs').appendFileSync(pidFile, process.pid + '\\n');
    if (process.env.INNER) { process.on('SIGTERM', () => {}); require('node:http').createServer((_, answer) => answer.end('{}')).listen(port, '127.0.0.1'); }
    else spawn(process.execPath, ['-e', process.execArgv[1], port, pidFile], { env: { INNER: '1' }, stdio: 'inherit' });
    setInterval(() => {}, 1000);
  `;
  const { call, pids, logged } = await start(context, { program: listener });
  const [leader = 0, inner = 0] = await pids();
  process.kill(leader, 'SIGKILL');
  await until(() => logged('is up again').length === 1);
  await until(() => !isAlive(inner));
  assert.equal((await call('tools/list')).status, 200);
  assert.equal((await pids()).length, 4);
});

test('a restart that fails – said with its reason and last words, tried again', async (context) => {
  const picky = `
    const fs = require('node:fs');
    const starts = fs.existsSync(process.argv[2]) ? fs.readFileSync(process.argv[2], 'utf8').split('\\n').length : 1;
    if (starts === 2 || starts === 3) {
      fs.appendFileSync(process.argv[2], process.pid + '\\n');
      console.error('not today');
      process.exit(9);
    }
  `;
  const { call, logged } = await start(context, { program: picky + server });
  await call('crash');
  await until(() => logged('is up again').length === 1);
  const failures = logged('could not be started again');
  assert.equal(failures.length, 2);
  assert.match(failures[0] ?? '', /node: it exited with code 9\. .*"stderr":\["not today"\]/);
  assert.match(logged('is up again')[0] ?? '', /"attempts":3/);
  assert.equal((await call('tools/list')).status, 200);
});

test('somebody else on the port of a command that is down – gets no call', async (context) => {
  const { call, ready, targetPort } = await start(context, { firstMs: never });
  await call('crash');
  await until(async () => (await ready()).status === 503);
  await using other = await startHttpServer((_, response) => void response.end('{}'), targetPort);
  assert.equal((await call('tools/list')).status, 503);
  assert.equal(other.seen.length, 0);
});

test('--restart never – the gateway says that the command ended', async (context) => {
  const { call, gateway, logged } = await start(context, { restart: 'never' });
  await call('crash');
  assert.match(await gateway.workloadEnded, /node: it exited with code 7$/);
  assert.equal(logged('is up again').length, 0);
});

test('a stop while a restart is waited for – at once, nothing is left', async (context) => {
  const { call, gateway, ready, pids } = await start(context, { firstMs: never });
  await call('crash');
  await until(async () => (await ready()).status === 503);
  const startedAtMs = performance.now();
  await gateway.close();
  assert.ok(performance.now() - startedAtMs < 5_000);
  assert.deepEqual((await pids()).filter(isAlive), []);
});

async function runArguments(context: TestContext, program?: string) {
  const { command, folder, targetPort, pids } = await prepare(context, program);
  const port = await freePort();
  const options = ['--anonymous', '--port', `${port}`, '--target-port', `${targetPort}`];
  return {
    url: `http://127.0.0.1:${port}`,
    pids,
    options: ['run', '--foreground', ...options, '--audit-file', join(folder, 'audit.jsonl')],
    command: ['--', ...command],
  };
}

test('usher run – its command is killed – started again without a word to the operator', async (context) => {
  const { url, pids, options, command } = await runArguments(context);
  const usher = startUsher(context, [...options, ...command]);
  const result = collectResult(usher);
  const answered = () =>
    post(`${url}/mcp`, undefined).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(answered);
  const [first = 0] = await pids();
  process.kill(first, 'SIGKILL');
  await until(async () => (await pids()).length === 2 && (await answered()));
  usher.kill('SIGTERM');
  assert.equal((await result).code, 0);
  assert.deepEqual((await pids()).filter(isAlive), []);
});

test('usher run --restart never – its command is killed – exit code 1 with a sentence', async (context) => {
  const { pids, options, command, url } = await runArguments(context);
  const usher = startUsher(context, [...options, '--restart', 'never', ...command]);
  const result = collectResult(usher);
  await until(() =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  process.kill((await pids())[0] ?? 0, 'SIGKILL');
  const { code, stderr } = await result;
  assert.equal(code, 1);
  assert.match(stderr, /node: it was ended by SIGKILL/);
});

test('usher run – its command never comes up – exit code 4, tried once', async (context) => {
  const { folder } = await prepare(context);
  const failing = join(folder, 'failing.js');
  await writeFile(failing, "console.error('no database'); process.exit(3);");
  const { options } = await runArguments(context);
  const { code, stderr } = await runUsher(context, [...options, '--', process.execPath, failing]);
  assert.equal(code, 4);
  assert.match(stderr, /Cannot run .*node: it exited with code 3/);
  assert.equal(stderr.match(/no database/g)?.length, 1);
});
