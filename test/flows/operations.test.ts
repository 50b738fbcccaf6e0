import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { collectResult, startUsher } from '../kit/run-usher.ts';
import { startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { until } from '../kit/until.ts';

const listens = `require('node:http').createServer((_, answer) => answer.end()).listen(process.argv[1], '127.0.0.1');`;
const ignoresStop = `process.on('SIGTERM', () => {});`;

/** What tests are given by USHER_… variables, the gateway would take for settings. */
const withoutSettings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('USHER_')));

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-operations-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** `usher run` with a command of its own that writes down the process ids it consists of. */
async function runWithChild(context: TestContext, program: string) {
  const folder = await folderOf(context);
  const [port, targetPort] = [await freePort(), await freePort()];
  const pidFile = join(folder, 'pids');
  const notes = `const note = (pid) => require('node:fs').appendFileSync(${JSON.stringify(pidFile)}, pid + '\\n'); note(process.pid);`;
  const auditFile = join(folder, 'audit.jsonl');
  const options = ['--anonymous', '--port', `${port}`, '--target-port', `${targetPort}`, '--audit-file', auditFile];
  const command = [process.execPath, '-e', notes + program, `${targetPort}`];
  const usher = startUsher(context, ['run', '--foreground', ...options, '--', ...command]);
  const pids = async () => (await readFile(pidFile, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
  context.after(async () => {
    for (const pid of await pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { usher, pids, result: collectResult(usher), url: `http://127.0.0.1:${port}` };
}

/** `usher run` with a command, in a terminal; the first process id is its own. */
async function runInTerminal(context: TestContext) {
  const folder = await folderOf(context);
  const [port, targetPort] = [await freePort(), await freePort()];
  const pidFile = join(folder, 'pids');
  const note = `require('node:fs').appendFileSync(${JSON.stringify(pidFile)}, process.pid + '\\n');`;
  const entry = new URL('../../dist/cli/main.js', import.meta.url).href;
  const main = `${note} import(${JSON.stringify(entry)}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)); })`;
  const audit = ['--audit-file', join(folder, 'audit.jsonl')];
  const options = [
    'run',
    '--foreground',
    '--anonymous',
    '--port',
    `${port}`,
    '--target-port',
    `${targetPort}`,
    ...audit,
  ];
  const command = [process.execPath, '-e', note + listens, `${targetPort}`];
  const words = [process.execPath, '-e', main, '--', ...options, '--', ...command];
  const line = `exec ${words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')}`;
  const terminal = spawn('/usr/bin/script', ['-qec', line, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: withoutSettings,
  });
  let text = '';
  terminal.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const pids = async () => (await readFile(pidFile, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
  context.after(async () => {
    terminal.kill('SIGKILL');
    for (const pid of await pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { terminal, pids, url: `http://127.0.0.1:${port}`, said: () => text };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const listening = (url: string) => () =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

async function assertAllGone(pids: readonly number[], count: number): Promise<void> {
  assert.equal(pids.length, count);
  await until(() => !pids.some(isAlive));
}

test('a stop – its command leaves a child that ignores SIGTERM – nothing is left, exit code 0', async (context) => {
  const grandchild = `note(require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${ignoresStop} setInterval(() => {}, 1000)`)}], { stdio: 'inherit' }).pid);`;
  const { usher, pids, result, url } = await runWithChild(context, grandchild + listens);
  await until(listening(url));
  usher.kill('SIGTERM');
  assert.equal((await result).code, 0);
  await assertAllGone(await pids(), 2);
});

test('a second Ctrl-C – its command ignores SIGTERM – both end at once, exit code 130', async (context) => {
  const { usher, pids, result, url } = await runWithChild(context, ignoresStop + listens);
  await until(listening(url));
  usher.kill('SIGINT');
  await sleep(400);
  usher.kill('SIGINT');
  assert.equal((await result).code, 130);
  await assertAllGone(await pids(), 1);
});

/** `script` runs it in a terminal of its own, and closes that when it is ended itself. */
const hasTerminals = process.platform === 'linux' && existsSync('/usr/bin/script');

test(
  'a closed terminal – ends the gateway and its command',
  { skip: hasTerminals ? false : 'no script(1)' },
  async (context) => {
    const { terminal, pids, url } = await runInTerminal(context);
    await until(listening(url));
    terminal.kill('SIGKILL');
    await assertAllGone(await pids(), 2);
  },
);

test(
  'SIGHUP – its terminal is still there – reloads and goes on',
  { skip: hasTerminals ? false : 'no script(1)' },
  async (context) => {
    const { pids, url, said } = await runInTerminal(context);
    await until(listening(url));
    const [usher = 0] = await pids();
    process.kill(usher, 'SIGHUP');
    await until(async () => /The configuration was reloaded/.test(said()));
    assert.equal(await listening(url)(), true);
    process.kill(usher, 'SIGTERM');
    await assertAllGone(await pids(), 2);
  },
);

test('Ctrl-C – the command does not listen yet – heeded at once, exit code 0', async (context) => {
  const { usher, pids, result } = await runWithChild(context, 'setInterval(() => {}, 1000)');
  await until(async () => (await pids()).length === 1);
  const startedAtMs = Date.now();
  usher.kill('SIGINT');
  const { code, stderr } = await result;
  assert.equal(code, 0);
  assert.match(stderr, /Stopped before it had started/);
  assert.ok(Date.now() - startedAtMs < 10_000);
  await assertAllGone(await pids(), 1);
});

test('what a command prints – a token and no line end – logged without the token, the rest complete', async (context) => {
  const says = `console.log('authorization: Bearer s3cr3t-0paque-value'); process.stdout.write('xxxx '.repeat(4000));`;
  const { usher, result, url } = await runWithChild(context, says + listens);
  await until(listening(url));
  usher.kill('SIGTERM');
  const { stderr } = await result;
  assert.match(stderr, /authorization: Bearer \(removed\)/);
  assert.ok(!stderr.includes('s3cr3t'));
  const pieces = stderr.match(/(?:xxxx ?){100,}/g) ?? [];
  assert.equal(pieces.join('').match(/xxxx/g)?.length, 4_000);
  assert.ok(pieces.length > 1, 'it came in one piece');
});

test(
  'stderr on a full disk – the gateway starts and goes on serving',
  { skip: process.platform !== 'linux' },
  async (context) => {
    const full = await open('/dev/full', 'w');
    const port = await freePort();
    const entry = new URL('../../dist/cli/main.js', import.meta.url).href;
    const program = `import(${JSON.stringify(entry)}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)); })`;
    const folder = await folderOf(context);
    const args = [
      'run',
      '--foreground',
      '--anonymous',
      '--port',
      `${port}`,
      '--audit-file',
      join(folder, 'audit.jsonl'),
    ];
    const usher = spawn(process.execPath, ['-e', program, '--', ...args, 'http://127.0.0.1:9/mcp'], {
      stdio: ['ignore', 'ignore', full.fd],
      env: withoutSettings,
    });
    context.after(() => usher.kill('SIGKILL'));
    const url = `http://127.0.0.1:${port}`;
    await until(listening(url));
    for (const _ of [1, 2]) assert.equal((await post(`${url}/mcp`, undefined)).status, 502);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    usher.kill('SIGTERM');
    assert.deepEqual(await once(usher, 'close'), [0, null]);
    await full.close();
  },
);

test(
  'an audit trail that was never written – said at the end, exit code 5',
  { skip: process.platform !== 'linux' },
  async (context) => {
    const port = await freePort();
    const args = [
      'run',
      '--foreground',
      '--anonymous',
      '--port',
      `${port}`,
      '--audit-file',
      '/dev/full',
      'http://127.0.0.1:9/mcp',
    ];
    const usher = startUsher(context, args);
    const result = collectResult(usher);
    const url = `http://127.0.0.1:${port}`;
    await until(listening(url));
    await post(`${url}/mcp`, undefined);
    await sleep(100);
    usher.kill('SIGTERM');
    const { code, stderr } = await result;
    assert.equal(code, 5);
    assert.match(stderr, /Cannot write the audit trail to its end: lines lost: 1/);
    assert.match(stderr, /"level":"error".*Writing \/dev\/full failed: no space left on the device/);
  },
);

test('an issuer that is down at the start – logged with the reason; ready once it is up, without a call', async () => {
  await using issuer = await startIssuer();
  await using upstream = await startHttpServer((_, response) => void response.end());
  let isDown = true;
  issuer.onOther = (_, response) => {
    if (isDown) response.writeHead(500).end();
    return isDown;
  };
  await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, upstream) });
  const ready = async () => (await fetch(`${gateway.url}/ready`)).status;
  assert.equal(await ready(), 503);
  await until(() => gateway.logged.some((line) => /Cannot verify tokens yet: .*status 500/.test(line)));
  isDown = false;
  await until(async () => (await ready()) === 200, 5_000);
});

test(
  'an audit trail that cannot be written, calls shall go on – answered, /ready says so, the loss is said at the end',
  { skip: process.platform !== 'linux' },
  async () => {
    await using upstream = await startHttpServer((_, response) => void response.end());
    const servers = {
      apollo: {
        authenticate: [{ strategy: 'anonymous' as const }],
        upstream: { strategy: 'http' as const, url: `${upstream.url}/mcp` },
      },
    };
    const audit = { file: '/dev/full', whenUnwritable: 'continue' as const };
    const gateway = await startTestGateway(servers, { config: { audit } });
    const ready = async () => {
      const response = await fetch(`${gateway.url}/ready`);
      return [response.status, await response.json()];
    };
    assert.deepEqual(await ready(), [200, { status: 'ready' }]);
    await post(gateway.mcpUrl, undefined);
    await until(() => gateway.logged.some((line) => line.includes('calls go on without it')));
    assert.equal((await post(gateway.mcpUrl, undefined)).status, 200);
    assert.deepEqual(await ready(), [200, { status: 'ready', without: ['the audit trail'] }]);
    const stricter = gateway.configure(servers, { audit: { ...audit, whenUnwritable: 'refuse' } });
    assert.equal(await gateway.reload(() => stricter), true);
    assert.equal((await post(gateway.mcpUrl, undefined)).status, 503);
    assert.equal((await ready())[0], 503);
    await assert.rejects(gateway.close(), /lines lost: 3/);
  },
);

/** Opens more connections than `usher run` may have files open, lets go of them, and waits until calls are answered again. */
async function flood(context: TestContext, options: readonly string[] = []): Promise<string> {
  const folder = await folderOf(context);
  await using upstream = await startHttpServer((_, response) => void response.end('{}'));
  const port = await freePort();
  const audit = ['--audit-file', join(folder, 'audit.jsonl')];
  const args = ['run', '--foreground', '--anonymous', '--port', `${port}`, ...audit, ...options, upstream.url];
  const usher = startUsher(context, args, { openFiles: 64 });
  let text = '';
  usher.stderr?.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const url = `http://127.0.0.1:${port}`;
  await until(listening(url));
  const sockets = Array.from({ length: 300 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await until(() => sockets.filter((socket) => socket.closed).length > 250);
  for (const socket of sockets) socket.destroy();
  const callAll = () => Promise.all(Array.from({ length: 6 }, () => post(`${url}/mcp`, undefined)));
  await until(() =>
    callAll().then(
      (answers) => answers.every(({ status }) => status === 200),
      () => false,
    ),
  );
  usher.kill('SIGTERM');
  await until(() => usher.exitCode !== null);
  assert.equal(usher.exitCode, 0);
  return text;
}

test(
  'more connections than files may be open – those over the limit are closed, which is said once; served again afterwards',
  { skip: process.platform !== 'linux' },
  async (context) => {
    const text = await flood(context);
    assert.equal(text.match(/Connections are closed at once/g)?.length, 1);
  },
);

test(
  'no descriptor left at all – with a limit of connections that is too high – the listener survives, and serves afterwards',
  { skip: process.platform !== 'linux' },
  async (context) => {
    await flood(context, ['--max-connections', '10000']);
  },
);
