import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { freePort } from '../kit/free-port.ts';
import { makeMachine } from '../kit/make-machine.ts';
import { runApollo } from '../kit/run-apollo.ts';
import { collectResult } from '../kit/run-usher.ts';
import { until } from '../kit/until.ts';

const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

test('usher run – without --foreground – ends when the server serves, and says what to do next', async (context) => {
  const { machine, url } = await runApollo(context);
  const answer = await post(url, undefined, body);
  assert.equal(answer.status, 200);
  await answer.text();
  const view = await machine.look('apollo');
  assert.equal(view?.['state'], 'running');
  assert.equal(view?.['isWell'], true);
  assert.equal(view?.['url'], url);
  const { code, stdout } = await machine.usher(['status', 'apollo']);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /server +http:\/\/127\.0\.0\.1:\d+\/mcp, takes connections/);
  assert.match(stdout, /last minute +1 message of 1 caller, 0 refused/);
});

test('usher stop, start, restart, rm – a server in the background – goes, comes back, and is forgotten', async (context) => {
  const { machine, url, pid } = await runApollo(context);
  const stopped = await machine.usher(['stop', 'apollo']);
  assert.equal(stopped.stdout, 'apollo has stopped\n', stopped.stderr);
  await assert.rejects(fetch(url));
  assert.equal((await machine.look('apollo'))?.['state'], 'stopped');
  const status = await machine.usher(['status', 'apollo']);
  assert.equal(status.code, 1);
  assert.doesNotMatch(status.stdout, /reason/, 'that it has stopped is said once');
  assert.match((await machine.usher(['logs', 'apollo'])).stdout, /The server has stopped \S+\n$/);

  const started = await machine.usher(['start', 'apollo']);
  assert.equal(started.code, 0, started.stderr);
  assert.equal((await post(url, undefined, body)).status, 200);
  const before = pid();
  const restarted = await machine.usher(['restart', 'apollo']);
  assert.equal(restarted.code, 0, restarted.stderr);
  assert.notEqual(pid(), before);
  assert.equal((await post(url, undefined, body)).status, 200);

  const refused = await machine.usher(['rm', 'apollo']);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /Cannot take away apollo: it runs, process \d+\nhint: Stop it first with usher stop apollo/,
  );
  const gone = await machine.usher(['rm', 'apollo', '--force']);
  assert.equal(gone.stdout, 'apollo is gone\n', gone.stderr);
  assert.equal(await machine.look('apollo'), undefined);
  assert.ok(!existsSync(machine.file('apollo', '')));
  const audit = join(machine.home, 'state/usher/audit/apollo.jsonl');
  assert.equal(readFileSync(audit, 'utf8').trimEnd().split('\n').length, 2);
  assert.match(gone.stderr, new RegExp(`Its audit trail stays: ${audit}`));
});

test('usher explain – the id that usher status tells of, without saying where the trail is – explains it, also when the server is gone', async (context) => {
  const { machine, url } = await runApollo(context, ['--audit-file', join(makeFolder(context), 'trail.jsonl')]);
  const port = await freePort();
  await machine.usher(['run', '--anonymous', '--name', 'beside', '--port', `${port}`, 'http://127.0.0.1:9/mcp']);
  const refused = await post(url, undefined, 'no JSON');
  const { error } = (await refused.json()) as { error: { data: { id: string } } };
  const told = await machine.usher(['status', 'apollo']);
  const [, id = ''] = /\(usher explain (\S+)\)/.exec(told.stdout) ?? [];
  assert.equal(id, error.data.id, told.stdout);
  const explained = await machine.usher(['explain', id]);
  assert.equal(explained.code, 0, explained.stderr);
  assert.match(explained.stdout, /^Refused at readCall, status 400, body_not_json$/m);
  assert.doesNotMatch(explained.stdout, /token of the caller/, 'nobody had one');

  const other = await post(`http://127.0.0.1:${port}/mcp`, undefined, 'no JSON');
  const left = (await other.json()) as { error: { data: { id: string } } };
  await machine.usher(['rm', 'beside', '--force']);
  assert.match((await machine.usher(['explain', left.error.data.id])).stdout, /to beside$/m);
  const unknown = await machine.usher(['explain', 'nobody']);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /Cannot explain nobody: it is not in .*trail\.jsonl, nor in .*audit\/beside\.jsonl/);

  mkdirSync(join(machine.home, 'state/usher/audit/another.jsonl'));
  assert.match((await machine.usher(['explain', left.error.data.id])).stdout, /to beside$/m);
  const unread = await machine.usher(['explain', 'nobody']);
  assert.equal(unread.code, 2);
  assert.match(unread.stderr, /--audit-file: is ".*another\.jsonl", which cannot be read/);
});

test('usher run – with nobody behind it, at an issuer that is not there – runs, and says so at once', async (context) => {
  const machine = makeMachine(context);
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const args = ['run', '--oidc-issuer', issuer, '--oidc-audience', 'mcpserver', '--port', `${await freePort()}`];
  const { code, stderr } = await machine.usher([...args, 'http://127.0.0.1:9/mcp']);
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    new RegExp(
      `warning: mcp cannot take calls yet: it waits for the keys of ${issuer}, to check tokens with: .*refused.*\\. Callers of mcp are refused until it is there, .* this machine reaches it, and that the issuer is right; http://127\\.0\\.0\\.1:9/mcp cannot be reached \\(.*refused.*\\)\\. usher logs mcp says more`,
    ),
  );
  const { code: unwell, stdout } = await machine.usher(['status', 'mcp']);
  assert.equal(unwell, 1);
  assert.match(stdout, new RegExp(`waits for +the keys of ${issuer}, to check tokens with: .*refused`));
});

test('usher start – a server whose program is gone – fails with the exit code that status shows, too', async (context) => {
  const machine = makeMachine(context);
  const program = join(machine.home, 'server');
  const settings = ['--anonymous', '--name', 'gone', '--port', `${await freePort()}`, '--transport', 'stdio'];
  await writeFile(program, '#!/bin/sh\nexec cat\n', { mode: 0o755 });
  const first = await machine.usher(['run', ...settings, '--', program]);
  assert.equal(first.code, 0, first.stderr);
  await machine.usher(['stop', 'gone']);
  await rm(program);
  const started = await machine.usher(['start', 'gone']);
  assert.equal(started.code, 4, started.stderr);
  assert.match(started.stderr, /there is no such program that may be run/);
  assert.match((await machine.usher(['status', 'gone'])).stdout, /exit code +4\n/);
});

test('usher run – a name of a registry – is the name of the server', async (context) => {
  const machine = makeMachine(context);
  const registry = join(machine.home, 'servers.json');
  const remotes = [{ type: 'streamable-http', url: 'http://127.0.0.1:9/mcp' }];
  const description = 'Says what the weather is';
  await writeFile(registry, JSON.stringify([{ name: 'com.example/weather', description, version: '1.0.0', remotes }]));
  const args = ['run', '--anonymous', '--yes', '--registry', registry, '--port', `${await freePort()}`, 'weather'];
  const { code, stdout, stderr } = await machine.usher(args);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^weather {2}http/);
  assert.equal((await machine.look('weather'))?.['state'], 'running');
});

test('usher run --foreground – stands in the list while it runs, and not after', async (context) => {
  const machine = makeMachine(context);
  const port = await freePort();
  const args = ['run', '--foreground', '--anonymous', '--port', `${port}`, 'http://127.0.0.1:9/mcp'];
  const child = machine.start(args);
  const result = collectResult(child);
  await until(async () => (await machine.look('mcp'))?.['state'] === 'running');
  assert.equal((await machine.look('mcp'))?.['isBackground'], false);
  const second = await machine.usher(args);
  assert.equal(second.code, 1);
  assert.match(
    second.stderr,
    /one runs already at http:\/\/localhost:\d+\/mcp, process \d+\nhint: .*it belongs to a terminal/,
  );
  assert.equal((await machine.usher(['stop', 'mcp'])).stdout, 'mcp has stopped\n');
  assert.equal((await result).code, 0);
  assert.equal(await machine.look('mcp'), undefined);
});

test('usher logs -f – a server that is called – shows lines as they come, and ends on SIGTERM', async (context) => {
  const { machine, url, upstream } = await runApollo(context);
  await upstream[Symbol.asyncDispose]();
  const child = machine.start(['logs', 'apollo', '-f', '-n', '1']);
  let said = '';
  child.stdout?.on('data', (text: Buffer) => (said += String(text)));
  await until(() => said.includes('The server runs'));
  await (await post(url, undefined, body)).text();
  await until(() => said.includes('upstream_unreachable'));
  child.kill('SIGTERM');
  assert.equal((await collectResult(child)).code, 0);
});

test('usher export – a server with a secret in a file – is a configuration that means the same', async (context) => {
  const machine = makeMachine(context);
  await writeFile(join(machine.home, 'secret.txt'), 'gateway-s3cr3t', { mode: 0o600 });
  const port = await freePort();
  const flags = {
    'oidc-issuer': 'https://issuer.example.com',
    'oidc-audience': 'mcpserver',
    'token-exchange-url': 'https://issuer.example.com/token',
    'token-exchange-client-id': 'gateway',
    'token-exchange-client-secret-file': 'secret.txt',
    'token-exchange-audience': 'backend',
    'audit-file': 'audit.jsonl',
    name: 'apollo',
    port: `${port}`,
  };
  const words = [...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]), 'http://127.0.0.1:9/mcp'];
  const shown = await machine.usher(['config', 'show', ...words], { cwd: machine.home });
  assert.equal((await machine.usher(['run', ...words], { cwd: machine.home })).code, 0);
  const { stdout } = await machine.usher(['export', 'apollo']);
  assert.match(stdout, new RegExp(`clientSecretFile: ${machine.home}/secret.txt`));
  assert.doesNotMatch(stdout, /s3cr3t/);
  const file = join(machine.home, 'exported.yaml');
  await writeFile(file, stdout);
  const again = await machine.usher(['config', 'show', '-f', file]);
  assert.equal(again.stdout, shown.stdout.replace('file: audit.jsonl', `file: ${machine.home}/audit.jsonl`));
});

test('groups – stop of one – leaves the others running', async (context) => {
  const { machine } = await runApollo(context, ['--group', 'work']);
  const other = ['run', '--anonymous', '--name', 'other', '--port', `${await freePort()}`, 'http://127.0.0.1:9/mcp'];
  assert.equal((await machine.usher(other)).code, 0);
  const listed = await machine.usher(['list', '--group', 'work', '--json']);
  assert.deepEqual(
    (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => name),
    ['apollo'],
  );
  assert.equal((await machine.usher(['stop', '--group', 'work'])).code, 0);
  assert.equal((await machine.look('apollo'))?.['state'], 'stopped');
  assert.equal((await machine.look('other'))?.['state'], 'running');
  const unknown = await machine.usher(['stop', '--group', 'wrok']);
  assert.match(unknown.stderr, /no server in the group "wrok"\nhint: Did you mean the group work/);
});
