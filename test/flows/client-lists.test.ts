import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeClientHome } from '../kit/make-client-home.ts';

/** Servers stand in people's clients while they run, and clients are as before after it. */
const target = 'http://127.0.0.1:9/mcp';

test('usher run, stop, start, restart, rm – a server of the background – stands in the clients while it runs, and they are as before after it', async (context) => {
  const { machine, clients, port, url, does } = await makeClientHome(context);
  const run = await does('run', '--anonymous', '--name', 'apollo', '--port', `${port}`, target);
  assert.match(run.stderr, /in the lists of {2}Visual Studio Code, Codex\n/);
  assert.match(run.stderr, /installed here, and nobody chose others: usher client setup does, --no-client writes none/);
  assert.doesNotMatch(run.stderr, /Sign in/, 'nobody has to at a server without tokens');
  assert.deepEqual(clients.inVsCode('apollo'), { type: 'http', url });
  assert.match(clients.codexText(), new RegExp(`\\[mcp_servers.apollo\\]\\r\\nurl = "${url}"`));

  const { ino } = statSync(clients.vscode);
  await does('restart', 'apollo');
  assert.equal(statSync(clients.vscode).ino, ino, 'a restart leaves the file alone');
  assert.equal((await machine.usher(['client', 'status'])).code, 0);

  await does('stop', 'apollo');
  clients.assertAsBefore();
  await does('start', 'apollo');
  assert.deepEqual(clients.inVsCode('apollo'), { type: 'http', url });
  await does('rm', 'apollo', '--force');
  clients.assertAsBefore();
});

test('usher run --foreground – a signal – its server has left the clients when it has ended', async (context) => {
  const { clients, port, url, startsUntil } = await makeClientHome(context);
  const args = ['--foreground', '--anonymous', '--name', 'apollo', '--port', `${port}`, target];
  const run = await startsUntil(/in the lists of {2}Visual Studio Code, Codex/, 'run', ...args);
  assert.equal(clients.inVsCode('apollo')?.['url'], url);
  await run.endBy('SIGTERM');
  clients.assertAsBefore();
});

test('usher proxy – in the terminal, then in the background – stands in the clients, and in usher list', async (context) => {
  const { machine, clients, port, url, does, startsUntil } = await makeClientHome(context);
  const args = ['proxy', 'countries', '--target-uri', target, '--anonymous', '--port', `${port}`];
  const proxy = await startsUntil(/in the lists of {2}Visual Studio Code, Codex/, ...args);
  assert.deepEqual(clients.inVsCode('countries'), { type: 'http', url });
  assert.equal((await machine.look('countries'))?.['isBackground'], false);
  await proxy.endBy('SIGINT');
  clients.assertAsBefore();

  const { stdout } = await does(...args, '--background');
  assert.equal(stdout, `countries  ${url}\n`);
  assert.deepEqual(clients.inVsCode('countries'), { type: 'http', url });
  await does('stop', 'countries');
  clients.assertAsBefore();
});

test('a client whose file is broken – a server started – runs all the same, the others have it, and one sentence says where it is not', async (context) => {
  const { machine, clients, port, does } = await makeClientHome(context);
  writeFileSync(clients.codex, 'model = = 1\n');
  const { stderr } = await does('run', '--anonymous', '--name', 'apollo', '--port', `${port}`, target);
  assert.match(stderr, /in the lists of {2}Visual Studio Code\n/);
  const said = stderr.split('\n').filter((line) => line.includes('not in a list'));
  assert.deepEqual(said, [
    `  not in a list: Codex, ${clients.codex}: it is no sound TOML (unexpected token, line 1, column 9). Mend the file in an editor, then try again`,
  ]);
  assert.equal(clients.codexText(), 'model = = 1\n');
  assert.equal((await machine.look('apollo'))?.['state'], 'running');
  await does('stop', 'apollo');
  assert.equal(clients.codexText(), 'model = = 1\n');
});

test('usher update – other clients, another address, none – the clients have what it says now', async (context) => {
  const { clients, port, does } = await makeClientHome(context);
  await does('run', '--anonymous', '--name', 'apollo', '--port', `${port}`, target);
  const moved = await does('update', 'apollo', '--client', 'codex', '--resource-url', 'http://localhost:1/mcp');
  assert.match(moved.stderr, /took them over while calls went on\n {2}in the lists of {2}Codex\n/);
  assert.equal(clients.inVsCode('apollo'), undefined);
  assert.match(clients.codexText(), /url = "http:\/\/localhost:1\/mcp"/);
  await does('update', 'apollo', '--no-client');
  clients.assertAsBefore();
});
