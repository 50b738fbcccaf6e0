import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../kit/free-port.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { runApollo } from '../kit/run-apollo.ts';
import { collectResult } from '../kit/run-usher.ts';
import { until } from '../kit/until.ts';

const run = ['run', '--anonymous', '--name', 'apollo', '--port'];
const isRoot = process.getuid?.() === 0;

test('a folder of servers – that is a symbolic link – refused, and nothing is written behind it', async (context) => {
  const machine = makeMachine(context);
  const elsewhere = join(machine.home, 'elsewhere');
  mkdirSync(elsewhere, { mode: 0o700 });
  mkdirSync(join(machine.home, 'state/usher'), { recursive: true, mode: 0o700 });
  symlinkSync(elsewhere, join(machine.home, 'state/usher/servers'));
  const { code, stderr } = await machine.usher([...run, '0', 'http://127.0.0.1:9/mcp']);
  assert.equal(code, 1, stderr);
  assert.match(
    stderr,
    /Cannot use .*servers, where Usher keeps the servers it runs: it is a symbolic link, expected a folder/,
  );
  assert.match((await machine.usher(['list'])).stderr, /it is a symbolic link/);
});

test('a folder of a server – that others can write – is not believed', async (context) => {
  const { machine } = await runApollo(context);
  chmodSync(dirname(machine.file('apollo', 'run.json')), 0o777);
  const { stdout } = await machine.usher(['list']);
  assert.match(stdout, /apollo +damaged/);
  assert.match((await machine.usher(['stop', 'apollo'])).stderr, /other users can write into it/);
});

test('a folder of servers – of another user – refused', { skip: isRoot ? false : 'takes root' }, async (context) => {
  const machine = makeMachine(context);
  const folder = dirname(machine.file('apollo', ''));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, 54_321, 54_321);
  const { code, stderr } = await machine.usher(['list']);
  assert.equal(code, 1);
  assert.match(stderr, /it belongs to another user \(54321\)/);
});

test('a run that says its process is somebody else’s – never signalled, and called crashed', async (context) => {
  const { machine, pid } = await runApollo(context);
  process.kill(pid(), 'SIGKILL');
  await until(async () => (await machine.look('apollo'))?.['state'] === 'crashed');
  // As after another program has been given the id.
  await using bystander = {
    child: spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']),
    [Symbol.asyncDispose]: () => Promise.resolve(void bystander.child.kill('SIGKILL')),
  };
  const file = machine.file('apollo', 'run.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as { process: { pid: number } };
  writeFileSync(file, JSON.stringify({ ...record, process: { ...record.process, pid: bystander.child.pid } }));
  const view = await machine.look('apollo');
  assert.equal(view?.['state'], 'crashed');
  assert.match(String(view?.['reason']), /another process has its id \d+ now/);
  assert.match((await machine.usher(['stop', 'apollo', '--force'])).stderr, /apollo was not running/);
  assert.equal(bystander.child.signalCode, null);
  assert.equal(bystander.child.exitCode, null);
});

test('a socket where somebody else answers – is not believed', async (context) => {
  const { machine, pid } = await runApollo(context);
  const record = JSON.parse(machine.read('apollo', 'run.json')) as { control: string };
  process.kill(pid(), 'SIGKILL');
  await until(async () => (await machine.look('apollo'))?.['state'] === 'crashed');
  const path = join(machine.home, 'other.sock');
  const answer = JSON.stringify({ folder: '/somewhere/else', pid: process.pid, phase: 'running' });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`);
  });
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  writeFileSync(machine.file('apollo', 'run.json'), JSON.stringify({ ...record, control: path }));
  assert.equal((await machine.look('apollo'))?.['state'], 'crashed');
});

test('a damaged file of a server – is said with its path, and rm takes it away', async (context) => {
  const machine = makeMachine(context);
  mkdirSync(dirname(machine.file('apollo', 'run.json')), { recursive: true, mode: 0o700 });
  writeFileSync(machine.file('apollo', 'run.json'), '{"version":');
  assert.match((await machine.usher(['list'])).stdout, /apollo +damaged/);
  const { code, stdout } = await machine.usher(['status', 'apollo']);
  assert.equal(code, 1);
  assert.match(stdout, /reason +Cannot use .*run\.json, .*: it is damaged/);
  assert.match(stdout, /what to do +mend that file, or take it away with usher rm apollo and run it anew/);
  for (const words of [
    ['export', 'apollo'],
    ['start', 'apollo'],
    ['update', 'apollo', '--log-level', 'debug'],
  ]) {
    const refused = await machine.usher(words);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /damaged.*\nhint: Mend that file, or take it away with usher rm apollo and run it anew/,
    );
  }
  assert.equal((await machine.usher(['rm', 'apollo'])).stdout, 'apollo is gone\n');
});

test('the folder of a server whose making was killed before a word – is no server, and its name is free', async (context) => {
  const machine = makeMachine(context);
  mkdirSync(dirname(machine.file('apollo', 'run.json')), { recursive: true, mode: 0o700 });
  assert.equal((await machine.usher(['list'])).stdout, '');
  const args = ['run', '--anonymous', '--name', 'apollo', '--port', `${await freePort()}`, 'http://127.0.0.1:9/mcp'];
  const { code, stderr } = await machine.usher(args);
  assert.equal(code, 0, stderr);
});

for (const [what, more] of [
  ['a state folder that cannot be made', { XDG_STATE_HOME: '/dev/null/state' }],
  ['a home that cannot be written', { XDG_STATE_HOME: '', HOME: '/dev/null' }],
] as const) {
  test(`${what} – the background is refused with a sentence; the foreground serves and says so`, async (context) => {
    const machine = makeMachine(context, more);
    const port = await freePort();
    const refused = await machine.usher([...run, `${port}`, 'http://127.0.0.1:9/mcp']);
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(
      refused.stderr,
      /^error: Cannot use \/dev\/null\/.*: .*\nhint: .*set XDG_STATE_HOME to another place\.$/m,
    );
    const child = machine.start([...run, `${port}`, '--foreground', 'http://127.0.0.1:9/mcp']);
    const result = collectResult(child);
    child.stderr?.on('data', (text: Buffer) => String(text).includes('audit trail') && child.kill('SIGTERM'));
    const { code, stderr } = await result;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Not in usher list, nor in the lists of MCP clients: Cannot use \/dev\/null/);
  });
}

test(
  'a user the system does not know, without a home – serves in the foreground',
  { skip: isRoot ? false : 'takes root' },
  async () => {
    const port = await freePort();
    const entry = new URL('../../src/cli/main.ts', import.meta.url).href;
    const program = `import(${JSON.stringify(entry)}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)); })`;
    const words = ['-e', program, '--', ...run, `${port}`, '--foreground', 'http://127.0.0.1:9/mcp'];
    const child = spawn(process.execPath, words, { uid: 54_321, gid: 54_321, env: {}, cwd: '/', stdio: 'pipe' });
    const result = collectResult(child);
    child.stderr.on('data', (text: Buffer) => String(text).includes('audit trail') && child.kill('SIGTERM'));
    const { code, stderr } = await result;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Not in usher list, .*: Cannot use \/nonexistent\//);
  },
);
