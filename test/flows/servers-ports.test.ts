import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeMachine } from '../kit/make-machine.ts';

const target = 'http://127.0.0.1:9/mcp';
const portOf = (view: Readonly<Record<string, unknown>> | undefined) => Number(new URL(String(view?.['url'])).port);

test('usher run – a second server without --port – gets the next free one, says so, and keeps it', async (context) => {
  const machine = makeMachine(context);
  const first = await machine.usher(['run', '--anonymous', '--name', 'first', target]);
  assert.equal(first.code, 0, first.stderr);
  const second = await machine.usher(['run', '--anonymous', '--name', 'second', target]);
  assert.equal(second.code, 0, second.stderr);
  const [one, other] = [portOf(await machine.look('first')), portOf(await machine.look('second'))];
  assert.ok(other > one && one >= 8000, `${one}, ${other}`);
  assert.match(
    second.stderr,
    new RegExp(`^Port 8000 is .*: it gets ${other}, and keeps it \\(--port says another\\)$`, 'm'),
  );
  assert.match((await machine.usher(['export', 'second'])).stdout, new RegExp(`port: ${other}\\b`));
  assert.equal((await machine.usher(['restart', 'second'])).code, 0);
  assert.equal(portOf(await machine.look('second')), other);
});

test('usher run – without --port, while another server is stopped – leaves that one its port', async (context) => {
  const machine = makeMachine(context);
  assert.equal((await machine.usher(['run', '--anonymous', '--name', 'first', target])).code, 0);
  const one = portOf(await machine.look('first'));
  await machine.usher(['stop', 'first']);
  assert.equal((await machine.usher(['run', '--anonymous', '--name', 'second', target])).code, 0);
  assert.notEqual(portOf(await machine.look('second')), one);
  const started = await machine.usher(['start', 'first']);
  assert.equal(started.code, 0, started.stderr);
});

test('usher run – three at the same moment, without --port – each gets a port of its own', async (context) => {
  const machine = makeMachine(context);
  const names = ['first', 'second', 'third'];
  const runs = await Promise.all(names.map((name) => machine.usher(['run', '--anonymous', '--name', name, target])));
  for (const { code, stderr } of runs) assert.equal(code, 0, stderr);
  const ports = await Promise.all(names.map(async (name) => portOf(await machine.look(name))));
  assert.equal(new Set(ports).size, 3, ports.join());
});

test('usher run – --resource-url without --port – takes no other port than the usual one', async (context) => {
  const machine = makeMachine(context);
  assert.equal((await machine.usher(['run', '--anonymous', '--name', 'first', target])).code, 0);
  const url = ['--resource-url', 'http://localhost:8000/mcp'];
  const { code, stderr } = await machine.usher(['run', '--anonymous', '--name', 'second', ...url, target]);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /Cannot listen on 127\.0\.0\.1:8000: the port is in use/);
});
