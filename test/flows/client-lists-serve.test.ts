import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeClientHome } from '../kit/make-client-home.ts';
import { freePort } from '../kit/free-port.ts';
import { collectResult } from '../kit/run-usher.ts';
import { until } from '../kit/until.ts';

/** A configuration with servers of these names, on a port. */
function configOf(port: number, names: readonly string[]): string {
  const one = (name: string) => ({
    path: `/${name}/mcp`,
    authenticate: [{ strategy: 'anonymous' }],
    upstream: { url: 'http://127.0.0.1:9/mcp' },
  });
  return JSON.stringify({ listen: { port }, servers: Object.fromEntries(names.map((name) => [name, one(name)])) });
}

test('usher serve – started, reloaded, stopped – each server of its file stands in the clients, and they are as before after it', async (context) => {
  const { machine, clients, port, startsUntil } = await makeClientHome(context);
  const file = join(machine.home, 'usher.yaml');
  writeFileSync(file, configOf(port, ['countries', 'notes']));
  const serve = await startsUntil(/in the lists of {2}Visual Studio Code, Codex\n/, 'serve', '-f', file);
  const urlOf = (name: string) => clients.inVsCode(name)?.['url'];
  assert.equal(urlOf('countries'), `http://localhost:${port}/countries/mcp`);
  assert.equal(urlOf('notes'), `http://localhost:${port}/notes/mcp`);

  writeFileSync(file, configOf(port, ['notes', 'people']));
  process.kill(serve.pid, 'SIGHUP');
  await until(() => urlOf('people') !== undefined && !/countries/.test(clients.codexText()));
  assert.equal(urlOf('notes'), `http://localhost:${port}/notes/mcp`);
  assert.equal(urlOf('countries'), undefined);
  await serve.endBy('SIGTERM');
  clients.assertAsBefore();
});

test('usher serve – a client for each server, at a provider where clients cannot register – stands in the clients, and a reload changes it', async (context) => {
  // For one server it may also come from the environment.
  const { machine, clients, port, startsUntil } = await makeClientHome(context, {
    USHER_SERVERS_NOTES_OAUTH_CLIENT_ID: '0oa2vscode',
  });
  const file = join(machine.home, 'usher.yaml');
  const callers = { authenticate: [{ strategy: 'jwt', issuer: 'http://127.0.0.1:9', audience: ['mcpserver'] }] };
  const write = (oauth: Readonly<Record<string, object>>) => {
    const config = JSON.parse(configOf(port, ['countries', 'notes', 'open'])) as { servers: Record<string, object> };
    for (const [name, server] of Object.entries(config.servers))
      Object.assign(server, name === 'open' ? {} : callers, oauth[name] === undefined ? {} : { oauth: oauth[name] });
    writeFileSync(file, JSON.stringify(config));
  };
  write({ countries: { clientId: '0oa1vscode', callbackPort: 33418 }, open: { clientId: '0oa3vscode' } });
  const serve = await startsUntil(/in the lists of {2}Visual Studio Code, Codex\n/, 'serve', '-f', file);
  const oauthOf = (name: string) => clients.inVsCode(name)?.['oauth'];
  assert.deepEqual(oauthOf('countries'), { clientId: '0oa1vscode' });
  assert.deepEqual(oauthOf('notes'), { clientId: '0oa2vscode' });
  assert.equal(oauthOf('open'), undefined, 'nobody signs in there');
  assert.match(clients.codexText(), /oauth = \{ client_id = "0oa1vscode" \}/);

  write({ countries: { clientId: '0oa4vscode' } });
  process.kill(serve.pid, 'SIGHUP');
  await until(() => JSON.stringify(oauthOf('countries')) === '{"clientId":"0oa4vscode"}');
  write({});
  process.kill(serve.pid, 'SIGHUP');
  await until(() => oauthOf('countries') === undefined);
  await serve.endBy('SIGTERM');
  clients.assertAsBefore();
});

test('usher serve --no-client, and a choice of none – clients are as before', async (context) => {
  const { machine, clients, port, does, startsUntil } = await makeClientHome(context);
  const file = join(machine.home, 'usher.yaml');
  writeFileSync(file, configOf(port, ['countries']));
  const serve = await startsUntil(/audit trail/, 'serve', '-f', file, '--no-client');
  clients.assertAsBefore();
  assert.doesNotMatch(serve.said(), /lists/);
  await serve.endBy('SIGTERM');
  await does('client', 'setup', '--client', 'none');
  const again = await startsUntil(/audit trail/, 'serve', '-f', file);
  clients.assertAsBefore();
  await again.endBy('SIGTERM');
});

test('two gateways with one name – the same address: it stays until both have ended; another: the second is told who has it', async (context) => {
  const { machine, clients, port, startsUntil } = await makeClientHome(context);
  const [one, other] = [join(machine.home, 'one.yaml'), join(machine.home, 'other.yaml')];
  const same = `http://localhost:${port}/countries/mcp`;
  const withUrl = async (url?: string) => {
    const config = JSON.parse(configOf(await freePort(), ['countries'])) as {
      servers: Record<string, { resourceUrl?: string }>;
    };
    if (url !== undefined) Object.assign(config.servers['countries'] ?? {}, { resourceUrl: url });
    return JSON.stringify(config);
  };
  writeFileSync(one, configOf(port, ['countries']));
  writeFileSync(other, await withUrl(same));
  const said = /in the lists of {2}Visual Studio Code, Codex\n/;
  const first = await startsUntil(said, 'serve', '-f', one);
  const second = await startsUntil(said, 'serve', '-f', other);
  writeFileSync(other, await withUrl());
  const third = await startsUntil(/not in a list: Codex/, 'serve', '-f', other);
  assert.match(
    third.said(),
    new RegExp(
      `not in a list: Visual Studio Code, .*: another usher \\(process ${first.pid}, ${second.pid}\\) has its server countries there, at ${same}\\. Give one of them another name`,
    ),
  );
  await third.endBy('SIGTERM');
  await first.endBy('SIGTERM');
  assert.equal(clients.inVsCode('countries')?.['url'], same);
  await second.endBy('SIGTERM');
  clients.assertAsBefore();
});

test('usher serve – a user without a home, as of services – serves, and says nothing of clients', async (context) => {
  const { machine, port } = await makeClientHome(context);
  const file = join(machine.home, 'usher.yaml');
  writeFileSync(file, configOf(port, ['countries']));
  for (const home of ['/dev/null', join(machine.home, 'nowhere')]) {
    const child = machine.start(['serve', '-f', file], { env: { HOME: home, XDG_STATE_HOME: '' } });
    let said = '';
    child.stderr?.on('data', (text: Buffer) => (said += String(text)));
    await until(() => said.includes('audit trail'), 30_000);
    child.kill('SIGTERM');
    assert.equal((await collectResult(child)).code, 0);
    assert.doesNotMatch(said, /in a list|clients\.json/);
  }
});
