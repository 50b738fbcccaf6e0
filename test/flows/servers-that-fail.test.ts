import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { runApollo } from '../kit/run-apollo.ts';
import { startHttpServer } from '../kit/start-http-server.ts';
import { until } from '../kit/until.ts';

const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

test('a server in the background – killed – is crashed, since when, and starts again', async (context) => {
  const { machine, url, pid } = await runApollo(context);
  process.kill(pid(), 'SIGKILL');
  await until(async () => (await machine.look('apollo'))?.['state'] === 'crashed');
  const { code, stdout } = await machine.usher(['status', 'apollo']);
  assert.equal(code, 1);
  assert.match(stdout, /state +crashed, last seen alive \d{4}-.*\(\d+ (s|min) ago\)/);
  assert.match(stdout, /reason +its process ended without a word: it was killed, or ran out of memory/);
  assert.match(stdout, /last lines of its log\n.*The server runs/);
  const started = await machine.usher(['start', 'apollo']);
  assert.equal(started.code, 0, started.stderr);
  assert.equal((await post(url, undefined, body)).status, 200);
});

test(
  'a server in the background – the machine was started anew – is crashed, says so, and starts again',
  { skip: process.platform !== 'linux' },
  async (context) => {
    const { machine, url, pid } = await runApollo(context);
    process.kill(pid(), 'SIGKILL');
    await until(async () => (await machine.look('apollo'))?.['state'] === 'crashed');
    // As after a start: the id may be anybody's by now, and was counted since another start.
    const file = machine.file('apollo', 'run.json');
    const run = JSON.parse(readFileSync(file, 'utf8')) as { process: { pid: number; identity: string } };
    const [, ticks = ''] = run.process.identity.split(' ');
    const identity = `7b5f0a52-0000-4000-8000-000000000000 ${ticks}`;
    writeFileSync(file, JSON.stringify({ ...run, process: { pid: process.pid, identity } }));
    const view = await machine.look('apollo');
    assert.deepEqual([view?.['state'], view?.['reason']], ['crashed', 'the machine was started anew']);
    const started = await machine.usher(['start', 'apollo']);
    assert.equal(started.code, 0, started.stderr);
    assert.equal((await post(url, undefined, body)).status, 200);
  },
);

test('usher run – the same name twice at once – one runs, the other is told so', async (context) => {
  const machine = makeMachine(context);
  const ports = [await freePort(), await freePort()];
  const results = await Promise.all(
    ports.map((port) =>
      machine.usher(['run', '--anonymous', '--name', 'apollo', '--port', `${port}`, 'http://127.0.0.1:9/mcp']),
    ),
  );
  const [won, lost] = results.toSorted((one, other) => (one.code ?? 9) - (other.code ?? 9));
  assert.equal(won?.code, 0, won?.stderr);
  assert.equal(lost?.code, 1, lost?.stderr);
  assert.match(lost?.stderr ?? '', /Cannot run a server called apollo: one (is being started|runs already)/);
  assert.match(lost?.stderr ?? '', /hint: Give this one another --name; or stop it with usher stop apollo/);
  assert.equal((await machine.look('apollo'))?.['state'], 'running');
});

test('usher run – a port that is taken – says so with its exit code, and nothing of it stays', async (context) => {
  const { machine, port } = await runApollo(context);
  const args = ['run', '--anonymous', '--name', 'second', '--port', `${port}`, 'http://127.0.0.1:9/mcp'];
  const { code, stdout, stderr } = await machine.usher(args);
  assert.equal(code, 3, stderr);
  assert.equal(stdout, '');
  const [, free] =
    /error: Cannot start second: Cannot listen on 127\.0\.0\.1:\d+: the port is in use by the server apollo, process \d+\nhint: --port (\d+) is free; or stop that server with usher stop apollo\.?\n/.exec(
      stderr,
    ) ?? [];
  assert.ok(Number(free) > port, stderr);
  assert.equal(stderr.split('the port is in use').length, 2, stderr);
  assert.ok(!existsSync(machine.file('second', '')));
});

test('usher run – a command that ends at once – shows what it said last', async (context) => {
  const machine = makeMachine(context);
  const [port, targetPort] = [await freePort(), await freePort()];
  const program = 'console.error("no such operation file"); process.exit(7)';
  const args = ['run', '--anonymous', '--name', 'apollo', '--port', `${port}`, '--target-port', `${targetPort}`];
  const { code, stderr } = await machine.usher([...args, '--', process.execPath, '-e', program]);
  assert.equal(code, 4, stderr);
  assert.match(stderr, /Cannot start apollo: Cannot run .*: it exited with code 7\n.*no such operation file/);
  assert.equal(await machine.look('apollo'), undefined);
});

test('usher start – a server whose port is taken by then – fails, and says why when asked later', async (context) => {
  const { machine, port } = await runApollo(context);
  await machine.usher(['stop', 'apollo']);
  await using _other = await startHttpServer(() => {}, port);
  const { code, stderr } = await machine.usher(['start', 'apollo']);
  assert.equal(code, 3, stderr);
  const [, free = ''] = /hint: usher update apollo --port (\d+) gives it another one; or end what /.exec(stderr) ?? [];
  const { stdout } = await machine.usher(['status', 'apollo']);
  assert.match(stdout, /state +failed, since/);
  assert.match(stdout, /reason +Cannot listen on 127\.0\.0\.1:\d+: the port is in use\n +exit code +3/);
  assert.equal((await machine.usher(['update', 'apollo', '--port', free])).code, 0);
  assert.equal((await machine.usher(['start', 'apollo'])).code, 0);
});

test('usher run --foreground – killed, then run again – takes its name back', async (context) => {
  const machine = makeMachine(context);
  const port = await freePort();
  const args = ['run', '--foreground', '--anonymous', '--port', `${port}`, 'http://127.0.0.1:9/mcp'];
  const child = machine.start(args);
  await until(async () => (await machine.look('mcp'))?.['state'] === 'running');
  child.kill('SIGKILL');
  await until(async () => (await machine.look('mcp'))?.['state'] === 'crashed');
  assert.match(
    (await machine.usher(['start', 'mcp'])).stderr,
    /no server called mcp that can be started\nhint: It ran in a terminal/,
  );
  machine.start(args);
  await until(async () => (await machine.look('mcp'))?.['state'] === 'running');
});

test('commands about servers – a name that is misspelt – suggest the one that is meant', async (context) => {
  const { machine } = await runApollo(context);
  for (const command of ['stop', 'start', 'restart', 'rm', 'status', 'logs', 'export']) {
    const { code, stderr } = await machine.usher([command, 'appolo']);
    assert.equal(code, 1, command);
    assert.match(stderr, /There is no server called "appolo"\nhint: Did you mean apollo\./, command);
  }
  assert.match((await machine.usher(['stop'])).stderr, /NAME: is missing; give names of servers, --group or --all/);
});

test('the longest name there may be – runs, and is found', async (context) => {
  const deep = 'a-folder-with-a-long-name/'.repeat(4);
  const machine = makeMachine(context);
  const env = { XDG_STATE_HOME: join(machine.home, deep) };
  const name = 'n'.repeat(63);
  const args = ['run', '--anonymous', '--name', name, '--port', `${await freePort()}`, 'http://127.0.0.1:9/mcp'];
  const started = await machine.usher(args, { env });
  assert.equal(started.code, 0, started.stderr);
  assert.match((await machine.usher(['status', name], { env })).stdout, /state +running/);
  assert.equal((await machine.usher(['stop', name, '--force'], { env })).code, 0);
});
