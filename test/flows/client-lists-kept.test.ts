import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeClientHome } from '../kit/make-client-home.ts';

const target = 'http://127.0.0.1:9/mcp';

test('usher client add – a server that runs, too – stays when it has ended, until it is removed', async (context) => {
  const { clients, port, url, does, startsUntil } = await makeClientHome(context);
  await does('client', 'add', 'apollo', '--url', url, '--client', 'vscode', '--oauth-client-id', '0oa1vscode');
  const args = ['run', '--foreground', '--anonymous', '--name', 'apollo', '--port', `${port}`, target];
  const run = await startsUntil(/in the lists of {2}Visual Studio Code, Codex/, ...args);
  assert.match(clients.codexText(), /apollo/);
  await run.endBy('SIGTERM');
  assert.doesNotMatch(clients.codexText(), /apollo/);
  assert.deepEqual(clients.inVsCode('apollo'), { type: 'http', url, oauth: { clientId: '0oa1vscode' } });

  await does('client', 'add', 'apollo', '--url', 'http://localhost:1/mcp', '--client', 'vscode');
  const other = await startsUntil(/not in a list/, ...args);
  assert.match(
    other.said(),
    /not in a list: Visual Studio Code, .*: usher client add put apollo there, for http:\/\/localhost:1\/mcp\. Give this server another name; or usher client remove apollo, and start it again/,
  );
  await other.endBy('SIGTERM');
  assert.equal(clients.inVsCode('apollo')?.['url'], 'http://localhost:1/mcp');
  await does('client', 'remove', 'apollo');
  clients.assertAsBefore();
});

test('an entry that a client added something to – the server started again – is let be; one that somebody turned elsewhere is named', async (context) => {
  const { machine, clients, port, does } = await makeClientHome(context);
  await does('run', '--anonymous', '--name', 'apollo', '--port', `${port}`, '--client', 'vscode', target);
  const text = readFileSync(clients.vscode, 'utf8');
  writeFileSync(clients.vscode, text.replace('"type": "http",', '"type": "http", "gallery": true,'));
  const restarted = await does('restart', 'apollo');
  assert.match(restarted.stderr, /in the lists of {2}Visual Studio Code\n/);
  assert.equal(clients.inVsCode('apollo')?.['gallery'], true);
  const stopped = await does('stop', 'apollo');
  assert.match(stopped.stderr, /Cannot take apollo out of a list: Visual Studio Code, .*somebody changed apollo since/);
  assert.match(stopped.stderr, /usher client remove apollo --force takes it out as it is/);

  writeFileSync(clients.vscode, text.replace(`:${port}/`, ':1/'));
  const started = await does('start', 'apollo');
  assert.match(started.stderr, /not in a list: Visual Studio Code, .*somebody changed apollo since Usher wrote it/);
  assert.equal(clients.inVsCode('apollo')?.['url'], 'http://localhost:1/mcp');
  await does('rm', 'apollo', '--force');
  await machine.usher(['client', 'remove', 'apollo', '--force']);
  clients.assertAsBefore();
});
