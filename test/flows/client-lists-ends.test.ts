import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeClientHome } from '../kit/make-client-home.ts';
import { until } from '../kit/until.ts';

const target = 'http://127.0.0.1:9/mcp';

test('a server that is killed – the next commands say so, and stop takes it out of the clients', async (context) => {
  const { machine, clients, port, does } = await makeClientHome(context);
  await does('run', '--anonymous', '--name', 'apollo', '--port', `${port}`, target);
  const { process: killed } = JSON.parse(machine.read('apollo', 'run.json')) as { process: { pid: number } };
  process.kill(killed.pid, 'SIGKILL');
  await until(async () => (await machine.look('apollo'))?.['state'] === 'crashed');
  const status = await machine.usher(['client', 'status']);
  assert.equal(status.code, 1);
  assert.match(status.stdout, /Visual Studio Code +left there by a server that was killed/);
  assert.match(status.stdout, /Start apollo again, or take it out: usher client remove apollo/);

  await does('start', 'apollo');
  assert.equal((await machine.usher(['client', 'status'])).code, 0);
  const { process: again } = JSON.parse(machine.read('apollo', 'run.json')) as { process: { pid: number } };
  process.kill(again.pid, 'SIGKILL');
  const stopped = await does('stop', 'apollo');
  assert.match(stopped.stderr, /apollo was not running/);
  clients.assertAsBefore();
});

test('usher proxy that is killed – run again with another address – takes over what it left, and takes it out at its end', async (context) => {
  const { machine, clients, port, url, startsUntil } = await makeClientHome(context);
  const args = (at: string) => ['proxy', 'countries', '--target-uri', target, '--anonymous', '--port', at];
  const first = await startsUntil(/in the lists of/, ...args('0'));
  await first.endBy('SIGKILL');
  assert.notEqual(clients.inVsCode('countries'), undefined);
  assert.equal((await machine.usher(['client', 'status'])).code, 1);
  const second = await startsUntil(/in the lists of {2}Visual Studio Code, Codex/, ...args(`${port}`));
  assert.equal(clients.inVsCode('countries')?.['url'], url);
  await second.endBy('SIGTERM');
  clients.assertAsBefore();
});

test('usher run --oauth-client-id – at a provider where clients cannot register – clients have it, and what usher update says later', async (context) => {
  const { machine, clients, port, url, does } = await makeClientHome(context);
  const callers = ['--oidc-issuer', 'http://127.0.0.1:9', '--oidc-audience', 'mcpserver'];
  const client = ['--oauth-client-id', '0oa1vscode', '--oauth-callback-port', '33418'];
  const run = await does('run', '--name', 'apollo', '--port', `${port}`, ...callers, ...client, target);
  assert.match(run.stderr, /Codex: Sign in with: codex mcp login apollo/);
  assert.deepEqual(clients.inVsCode('apollo'), { type: 'http', url, oauth: { clientId: '0oa1vscode' } });
  assert.match(clients.codexText(), /oauth = \{ client_id = "0oa1vscode" \}/);
  await does('update', 'apollo', '--oauth-client-id', '0oa2vscode');
  assert.deepEqual(clients.inVsCode('apollo')?.['oauth'], { clientId: '0oa2vscode' });
  await does('update', 'apollo', '--unset', 'oauth-client-id');
  assert.deepEqual(clients.inVsCode('apollo'), { type: 'http', url });
  const wrong = await machine.usher(['run', ...callers, '--oauth-callback-port', '1', target]);
  assert.match(wrong.stderr, /--oauth-client-id: is missing/);
  await does('stop', 'apollo');
  clients.assertAsBefore();
});
