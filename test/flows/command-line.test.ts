import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandTable } from '../../src/cli/command-table.ts';
import { makeFolder, writeText } from '../kit/config-input.ts';
import { collectResult, runUsher, startUsher } from '../kit/run-usher.ts';

const bin = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const jwt = ['--oidc-issuer', 'https://issuer.example.com', '--oidc-audience', 'mcpserver'];

test('usher – without a command – shows what there is', async (context) => {
  const { code, stdout, stderr } = await runUsher(context, []);
  assert.equal(code, 0);
  assert.match(stdout, /Commands:\n {2}run .*\n {2}proxy .*\n {2}serve /);
  assert.equal(stderr, '');
  assert.deepEqual(tooLong(stdout), []);
});

for (const { name } of commandTable) {
  test(`usher ${name} --help – shows usage and examples, in 80 columns`, async (context) => {
    const { code, stdout } = await runUsher(context, [...name.split(' '), '--help']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Usage: usher ${name}`));
    assert.match(stdout, /\nExamples:\n {2}/);
    assert.deepEqual(tooLong(stdout), []);
  });
}

function tooLong(text: string): string[] {
  return text.split('\n').filter((line) => line.length > 80);
}

test('usher run --help – groups the flags, with default and environment name', async (context) => {
  const { stdout } = await runUsher(context, ['run', '--help']);
  const groups = [...stdout.matchAll(/^(\S.*):$/gm)].map(([, group]) => group);
  assert.equal(
    groups.join('; '),
    'Server; Container; Caller authentication; Façade; Policy; Rate limits; Credential; Token exchange; Sessions; Listener; Shared state; Audit and log; Configuration; More flags (usher run --help TOPIC, or --help all); Examples',
  );
  const flat = stdout.replaceAll(/\s+/g, ' ');
  assert.match(
    flat,
    /--port <PORT> Port to listen on; 0 takes a free one \(default 8000; also --proxy-port\) \[USHER_PORT\]/,
  );
  assert.match(flat, /--token-exchange-client-secret-file <PATH>/);
  assert.doesNotMatch(flat, /--remote-auth/);
  assert.match(stdout, /^ {2}entra-obo +Microsoft Entra/m);
  assert.doesNotMatch(stdout, /^ +--(?:entra-obo|introspection)-/m);
});

for (const words of [
  ['run', '--help', 'entra-obo'],
  ['help', 'run', 'entra-obo'],
  ['proxy', '--credential', 'entra-obo', '--help'],
]) {
  test(`usher ${words.join(' ')} – shows the flags of that strategy alone`, async (context) => {
    const { code, stdout } = await runUsher(context, words);
    assert.equal(code, 0);
    const flags = [...stdout.matchAll(/^ {2}--([\w-]+)/gm)].map(([, flag = '']) => flag);
    assert.deepEqual(flags.slice(0, 2), ['entra-obo-url', 'entra-obo-client-id']);
    assert.deepEqual(
      flags.filter((flag) => !flag.startsWith('entra-obo-')),
      [],
    );
  });
}

test('usher run --help all – shows every flag', async (context) => {
  const { stdout } = await runUsher(context, ['run', '--help', 'all']);
  for (const flag of ['port', 'introspection-url', 'id-jag-target-client-id', 'static-header-value-file']) {
    assert.match(stdout, new RegExp(`^ {2}--${flag} `, 'm'));
  }
});

test('usher – a misspelt command – is refused with a suggestion', async (context) => {
  const { code, stderr } = await runUsher(context, ['porxy']);
  assert.equal(code, 2);
  assert.match(stderr, /porxy: is no command of usher; did you mean usher proxy\?/);
  assert.match(stderr, /^hint: usher --help lists the commands/m);
});

test('usher explain – without an id – points to its own help, not to that of all commands', async (context) => {
  const { code, stderr } = await runUsher(context, ['explain']);
  assert.equal(code, 2);
  assert.match(stderr, /^hint: usher explain --help shows what it takes\.$/m);
});

test('usher doctor – without anything – asks for the configuration file first', async (context) => {
  const { code, stderr } = await runUsher(context, ['doctor']);
  assert.equal(code, 2);
  assert.match(stderr, /URL: is missing; give the file of a configuration \(-f usher\.yaml\); or give the URL/);
});

test('usher config – without saying what – names what there is', async (context) => {
  const { code, stderr } = await runUsher(context, ['config']);
  assert.equal(code, 2);
  assert.match(stderr, /expected one of show, check, schema/);
});

test('usher run – unknown flags with secrets beside other mistakes – reports all, and no value', async (context) => {
  const { code, stderr, stdout } = await runUsher(context, [
    'run',
    '--token-exchange-client-secert',
    'hunter2',
    '--oidc-isuer=hunter3',
    '--port',
    'abc',
    ...jwt,
    'http://127.0.0.1:1',
  ]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /3 problems/);
  assert.match(stderr, /--token-exchange-client-secert: is unknown; did you mean --token-exchange-client-secret\?/);
  assert.match(stderr, /--oidc-isuer: is unknown; did you mean --oidc-issuer\?/);
  assert.match(stderr, /--port: is "abc", expected a number/);
  assert.doesNotMatch(stderr, /hunter/);
  assert.doesNotMatch(stderr, / {4}at /);
});

test('usher run – a misspelt flag – is one mistake, not a missing setting as well', async (context) => {
  const { stderr } = await runUsher(context, ['run', '--oidc-isuer', 'https://i.example.com', 'http://127.0.0.1:1']);
  assert.match(stderr, /one problem\n {2}--oidc-isuer: is unknown; did you mean --oidc-issuer\?/);
});

test('usher serve – without a file, or with the flag misspelt – says that one thing', async (context) => {
  const without = await runUsher(context, ['serve']);
  assert.match(without.stderr, /one problem\n {2}--config: is missing; give the configuration file/);
  const misspelt = await runUsher(context, ['serve', '--confg', 'usher.yaml']);
  assert.match(misspelt.stderr, /one problem\n {2}--confg: is unknown; did you mean --config\?/);
});

test('usher run – a server without a scheme – is asked about, and no image', async (context) => {
  const { stderr } = await runUsher(context, ['run', ...jwt, 'localhost:8001/mcp']);
  assert.match(
    stderr,
    /URL: is "localhost:8001\/mcp", without a scheme; did you mean "http:\/\/localhost:8001\/mcp"\?/,
  );
});

test('usher run – a port without its command – is told where the command stands', async (context) => {
  const { stderr } = await runUsher(context, ['run', ...jwt, '--target-port', '8001']);
  assert.match(
    stderr,
    /COMMAND: is missing, but --target-port is given; give it after --, for example -- node server\.js/,
  );
});

test('usher run – container flags that cannot be used – each with what was wanted', async (context) => {
  const bad = ['--volume', '/only', '--memory', 'lots', '--user', 'a b', '--network', 'host', '--cap-add', 'chown'];
  const { code, stderr } = await runUsher(context, ['run', ...jwt, ...bad, 'acme/server:1']);
  assert.equal(code, 2);
  assert.match(stderr, /--volume: is "\/only", expected SOURCE:\/PATH or SOURCE:\/PATH:ro/);
  assert.match(stderr, /--memory: is "lots", expected a size such as 512m or 2g/);
  assert.match(stderr, /--user: is "a b", expected a user such as 1000 or 1000:1000/);
  assert.match(stderr, /--network: is "host", expected a network of its own/);
  assert.match(stderr, /--cap-add: is "chown", expected a capability such as CHOWN/);
});

test('usher run – container flags with a URL – is refused', async (context) => {
  const { code, stderr } = await runUsher(context, ['run', ...jwt, '--memory', '1g', 'http://127.0.0.1:1']);
  assert.equal(code, 2);
  assert.match(stderr, /belongs to the strategy (?:container|http), but/);
});

test('usher run – a URL and a command – is refused', async (context) => {
  const { code, stderr } = await runUsher(context, ['run', ...jwt, 'http://127.0.0.1:1', '--', 'true']);
  assert.equal(code, 2);
  assert.match(stderr, /--: is given beside a URL/);
});

test('usher run – a flag without its value at the end – is refused', async (context) => {
  const { code, stderr } = await runUsher(context, ['run', '--oidc-issuer']);
  assert.equal(code, 2);
  assert.match(stderr, /--oidc-issuer: has no value/);
});

test('usher run – with --debug – shows the stack of an error', async (context) => {
  const { stderr } = await runUsher(context, ['run', '--debug']);
  assert.match(stderr, / {4}at /);
});

test('usher serve – without a file – asks for one', async (context) => {
  const { code, stderr } = await runUsher(context, ['serve']);
  assert.equal(code, 2);
  assert.match(stderr, /--config: is missing; give the configuration file/);
});

test('usher serve – a flag of one server – is unknown there', async (context) => {
  const file = writeText(context, 'usher.yaml', 'servers: {}');
  const { code, stderr } = await runUsher(context, ['serve', '-f', file, '--oidc-issuer', 'x']);
  assert.equal(code, 2);
  assert.match(stderr, /--oidc-issuer: is unknown/);
});

test('usher config check – the file of USHER_CONFIG – is used', async (context) => {
  const text =
    'servers:\n  a:\n    authenticate: [{ strategy: anonymous }]\n    upstream: { url: http://127.0.0.1:1 }\n';
  const env = { USHER_CONFIG: writeText(context, 'usher.yaml', text) };
  const { code, stdout } = await runUsher(context, ['config', 'check'], { env });
  assert.equal(code, 0);
  assert.equal(stdout, 'The configuration can be used: 1 server (a)\n');
});

test('usher config show – a configuration with secrets – masks them, with and without sources', async (context) => {
  const args = [
    'config',
    'show',
    ...jwt,
    '--token-exchange-url',
    'https://i.example.com/t',
    '--token-exchange-client-id',
    'gateway',
    '--token-exchange-audience',
    'backend',
    '-e',
    'API_KEY=hunter2',
    '--target-port',
    '9000',
  ];
  const env = { USHER_TOKEN_EXCHANGE_CLIENT_SECRET: 'hunter2' };
  const plain = await runUsher(context, [...args, '--', 'node'], { env });
  assert.equal(plain.code, 0, plain.stderr);
  assert.match(plain.stdout, /clientSecret: "\[secret\]"/);
  const sources = await runUsher(context, [...args, '--sources', '--', 'node'], { env });
  assert.match(sources.stdout, /credential\.clientSecret +\[secret\] +USHER_TOKEN_EXCHANGE_CLIENT_SECRET\n/);
  assert.match(sources.stdout, /policy\.tools +none +default\n/);
  assert.match(sources.stdout, /upstream\.env +\[hidden\] API_KEY +--env\n/);
  assert.match(sources.stdout, /upstream\.command +node +COMMAND\n/);
  assert.doesNotMatch(plain.stdout + plain.stderr + sources.stdout + sources.stderr, /hunter2/);
});

test('usher config schema – names every setting', async (context) => {
  const { stdout } = await runUsher(context, ['config', 'schema']);
  const schema: unknown = JSON.parse(stdout);
  assert.ok(typeof schema === 'object' && schema !== null && 'properties' in schema);
  assert.match(stdout, /"clientSecretFile"/);
});

test('usher run – started – says what is served without the secret, and ends with 0 on SIGTERM', async (context) => {
  const child = startUsher(
    context,
    [
      'run',
      '--foreground',
      '--port',
      '0',
      ...jwt,
      '--token-exchange-url',
      'https://i.example.com/t',
      '--token-exchange-client-id',
      'gateway',
      '--token-exchange-audience',
      'backend',
      'http://127.0.0.1:1/mcp',
    ],
    { env: { USHER_TOKEN_EXCHANGE_CLIENT_SECRET: 'hunter2' } },
  );
  child.stderr?.on('data', (text: Buffer) => {
    if (String(text).includes('audit trail')) child.kill('SIGTERM');
  });
  const { code, stderr, stdout } = await collectResult(child);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /Usher listens on http:\/\/127\.0\.0\.1:\d+/);
  assert.match(stderr, /callers +token of https:\/\/issuer\.example\.com for mcpserver/);
  assert.match(stderr, /exchange +for a token for backend, at https:\/\/i\.example\.com\/t as client gateway/);
  assert.doesNotMatch(stderr, /hunter2/);
});

test('usher run – a busy port – names it and ends with 3', async (context) => {
  const server = createServer().listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const args = ['run', '--foreground', '--anonymous', '--port', `${port}`, 'http://127.0.0.1:1'];
  const { code, stderr } = await runUsher(context, args);
  assert.equal(code, 3);
  assert.match(stderr, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use\n`));
  assert.match(stderr, new RegExp(`hint: --port \\d+ is free; or end what listens there \\(lsof -nP -iTCP:${port} `));
});

test('usher run – a command that does not exist – names it and ends with 4', async (context) => {
  const { code, stderr } = await runUsher(context, [
    'run',
    '--anonymous',
    '--port',
    '0',
    '--target-port',
    '9',
    '--',
    'no-such-command-here',
  ]);
  assert.equal(code, 4);
  assert.match(stderr, /no-such-command-here/);
});

test('usher idp – wrong options – are reported at once', async (context) => {
  const { code, stderr } = await runUsher(context, ['idp', '--http-port', 'abc', '--https-prot', '1']);
  assert.equal(code, 2);
  assert.match(stderr, /--https-prot: is unknown; did you mean --https-port\?/);
  assert.match(stderr, /--http-port: is "abc", expected a port/);
});

test('usher idp rotate-keys – a stopped provider – has a new key, and an unknown server is refused', async (context) => {
  const stateDir = makeFolder(context);
  const rotate = (...args: string[]) => runUsher(context, ['idp', 'rotate-keys', '--state-dir', stateDir, ...args]);
  const first = await rotate('backend');
  const second = await rotate('backend');
  const next = / next is (\S+)/.exec(first.stdout)?.[1] ?? 'none';
  assert.match(second.stdout, new RegExp(`backend signs with ${next} from now on`));
  const wrong = await rotate('bakend');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /SERVER: is "bakend", expected one of mcpserver, backend/);
});

test('usher idp --flavour – rotates that one’s keys, takes no server, and an unknown one is refused', async (context) => {
  const stateDir = makeFolder(context);
  const rotate = (...args: string[]) => runUsher(context, ['idp', 'rotate-keys', '--state-dir', stateDir, ...args]);
  assert.match((await rotate('--flavour', 'keycloak')).stdout, /keycloak signs with \S+ from now on/);
  assert.match((await rotate('--flavour', 'entra', 'backend')).stderr, /SERVER: is given, but entra has one issuer/);
  const { code, stderr } = await runUsher(context, ['idp', '--flavour', 'oktta']);
  assert.equal(code, 2);
  assert.match(stderr, /--flavour: is "oktta", expected one of okta, keycloak, entra, auth0/);
});

test('usher idp --flavour auth0 – says where its one issuer is, and stops when told to', async (context) => {
  const stateDir = makeFolder(context);
  const args = ['idp', '--flavour', 'auth0', '--http-port', '0', '--https-port', '0', '--state-dir', stateDir];
  const child = spawn('node', [bin, ...args], { stdio: 'pipe' });
  context.after(() => child.kill('SIGKILL'));
  child.stderr.on('data', (text: Buffer) => {
    if (String(text).includes('certificate authority')) child.kill('SIGTERM');
  });
  const { code, stderr } = await collectResult(child);
  assert.match(stderr, /MCP server {2}http:\/\/localhost:\d+\/\n/);
  assert.equal(code, 0);
});

const systemNode = spawnSync('node', ['--version'], { encoding: 'utf8', env: { PATH: pathWithoutPackages() } });
const isOld = systemNode.status === 0 && Number.parseInt(systemNode.stdout.slice(1), 10) < 24;
const noFullDisk = existsSync('/dev/full') ? false : 'no /dev/full';
const skip = isOld ? false : 'no Node.js older than 24 on this machine';

/** npm puts its own folders first; the machine's Node.js is behind them. */
function pathWithoutPackages(): string {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.filter((folder) => !folder.includes('node_modules')).join(':');
}

test('bin/usher.js – run by an old Node – goes on in the pinned one, which gets signals', { skip }, async (context) => {
  const args = [bin, 'run', '--foreground', '--anonymous', '--port', '0', 'http://127.0.0.1:1'];
  const env = { PATH: pathWithoutPackages(), HOME: makeFolder(context) };
  const child = spawn('node', args, { stdio: 'pipe', env });
  context.after(() => child.kill('SIGKILL'));
  child.stderr.on('data', (text: Buffer) => {
    if (String(text).includes('audit trail')) child.kill('SIGTERM');
  });
  const { code, stderr } = await collectResult(child);
  assert.match(stderr, /Stopping/);
  assert.equal(code, 0);
});

test('bin/usher.js – a pinned Node that npm did not link – found in its package', { skip }, async (context) => {
  const folder = makeFolder(context);
  cpSync(bin, join(folder, 'bin/usher.js'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const program = join(folder, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, '#!/bin/sh\necho "pinned: $*"\n', { mode: 0o755 });
  const child = spawn('node', [join(folder, 'bin/usher.js'), 'version'], { env: { PATH: pathWithoutPackages() } });
  const { code, stdout } = await collectResult(child);
  assert.deepEqual([code, stdout], [0, `pinned: ${join(folder, 'bin/usher.js')} version\n`]);
});

test('stdout – on a full disk – says so, and does not call it a defect', { skip: noFullDisk }, async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [bin, 'version'], { stdio: ['ignore', full, 'pipe'] });
  const { code, stderr } = await collectResult(child);
  closeSync(full);
  assert.equal(code, 1);
  assert.match(stderr, /^error: Cannot write to stdout: no space left on the device \(ENOSPC\)\nhint: /);
});

test('bin/usher.js – run by an old Node without a pinned one – says what is needed', { skip }, async (context) => {
  const folder = makeFolder(context);
  const copy = join(folder, 'bin/usher.js');
  cpSync(bin, copy);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const child = spawn('node', [copy, 'version'], { env: { PATH: pathWithoutPackages() } });
  const { code, stdout, stderr } = await collectResult(child);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /^error: Usher needs Node\.js 24 or newer, and this is \d+\.\d+\.\d+; [^\n]*\n$/);
});

test('bin/usher.js – run by the pinned Node – starts the command line', async () => {
  const child = spawn(process.execPath, [bin, 'version'], { stdio: 'pipe' });
  const { code, stdout } = await collectResult(child);
  assert.equal(code, 0);
  assert.match(stdout, /^usher \d+\.\d+\.\d+ \(Node\.js /);
});
