import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runUsher, type UsherResult } from '../kit/run-usher.ts';

/** Somebody's machine: a home folder, and the command line in it. */
async function makeHome(context: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'client-settings-'));
  context.after(() => rm(home, { recursive: true, force: true }));
  const usher = (...args: string[]): Promise<UsherResult> =>
    runUsher(context, args, { env: { HOME: home, NO_COLOR: '1' }, cwd: home });
  return { home, usher };
}

const settings = '{\n\t// What I use every day\n\t"servers": {\n\t\t"mine": { "command": "mine" }, // keep\n\t},\n}\n';

test('a person with VS Code and Codex – a server added, looked at and removed – stands in both, then both are as before', async (context) => {
  const { home, usher } = await makeHome(context);
  const [vscode, codex] = [join(home, '.config/Code/User/mcp.json'), join(home, '.codex/config.toml')];
  await mkdir(join(home, '.config/Code/User'), { recursive: true });
  await mkdir(join(home, '.codex'));
  await writeFile(vscode, settings);
  await writeFile(codex, 'model = "gpt-5"\n');

  const added = await usher(
    'client',
    'add',
    'apollo',
    '--url',
    'http://localhost:8000/mcp',
    '--oauth-client-id',
    '0oa1vscode',
  );
  assert.deepEqual([added.code, added.stderr], [0, '']);
  assert.match(added.stdout, /Visual Studio Code +added .*mcp\.json/);
  assert.match(added.stdout, /codex mcp login apollo/);
  assert.match(
    await readFile(vscode, 'utf8'),
    /\/\/ keep\n\t\t"apollo": \{\n\t\t\t"type": "http",\n\t\t\t"url": "http:\/\/localhost:8000\/mcp"/,
  );
  assert.match(
    await readFile(codex, 'utf8'),
    /\n\[mcp_servers\.apollo\]\nurl = "http:\/\/localhost:8000\/mcp"\noauth = \{ client_id = "0oa1vscode" \}\n/,
  );

  const status = await usher('client', 'status', '--json');
  assert.equal(status.code, 0);
  const { servers } = JSON.parse(status.stdout) as { servers: { client: string; state: string }[] };
  assert.deepEqual(
    servers.map(({ client, state }) => [client, state]),
    [
      ['vscode', 'present'],
      ['codex', 'present'],
    ],
  );

  const removed = await usher('client', 'remove', 'apollo');
  assert.equal(removed.code, 0);
  assert.equal(await readFile(vscode, 'utf8'), settings);
  assert.equal(await readFile(codex, 'utf8'), 'model = "gpt-5"\n');
  assert.deepEqual(await readdir(join(home, '.config/Code/User')), ['mcp.json']);
});

test('a client with another server of that name – a server added to it and to another – one sentence, exit code 1, the other has it', async (context) => {
  const { home, usher } = await makeHome(context);
  await mkdir(join(home, '.cursor'));
  await mkdir(join(home, '.kiro'));
  const text = '{"mcpServers":{"apollo":{"url":"https://theirs.example/mcp"}}}';
  await writeFile(join(home, '.cursor/mcp.json'), text);
  const { code, stdout, stderr } = await usher('client', 'add', 'apollo', '--url', 'http://localhost:8000/mcp');
  assert.equal(code, 1);
  assert.match(stdout, /^Kiro +added/);
  assert.match(
    stderr,
    /Cannot add apollo in 1 of 2 clients:\n {2}Cursor, .*another server called apollo that Usher did not write\. Choose another name/,
  );
  assert.equal(await readFile(join(home, '.cursor/mcp.json'), 'utf8'), text);
  const status = await usher('client', 'status');
  assert.equal(status.code, 0);
  assert.match(status.stdout, /Kiro/);
  assert.doesNotMatch(status.stdout, /Cursor/);
});

test('an entry that was changed by hand – status and removal – both say so with exit code 1, and --force removes it', async (context) => {
  const { home, usher } = await makeHome(context);
  const file = join(home, '.lmstudio/mcp.json');
  await usher('client', 'add', 'apollo', '--url', 'http://localhost:8000/mcp', '--client', 'lm-studio');
  await writeFile(file, (await readFile(file, 'utf8')).replace('8000', '8001'));
  const status = await usher('client', 'status');
  assert.equal(status.code, 1);
  assert.match(status.stdout, /LM Studio +changed since/);
  const removed = await usher('client', 'remove', 'apollo', '--json');
  assert.equal(removed.code, 1);
  assert.equal((JSON.parse(removed.stdout) as { ok: boolean }).ok, false);
  assert.match(await readFile(file, 'utf8'), /8001/);
  assert.equal((await usher('client', 'remove', 'apollo', '--force')).code, 0);
  assert.deepEqual(await readdir(home).then((names) => names.filter((name) => name === '.lmstudio')), []);
});

test('several Ushers at once – each adds a server to the same file, then each removes its own – none is lost, and the file is as before', async (context) => {
  const { home, usher } = await makeHome(context);
  const file = join(home, '.cursor/mcp.json');
  await mkdir(join(home, '.cursor'));
  await writeFile(file, '{ /* mine */ }\n');
  const names = ['a', 'b', 'c', 'd', 'e'];
  const added = await Promise.all(
    names.map((name) => usher('client', 'add', name, '--url', `http://localhost:8000/${name}`)),
  );
  assert.deepEqual(
    added.map(({ code, stderr }) => [code, stderr]),
    names.map(() => [0, '']),
  );
  const written = JSON.parse((await readFile(file, 'utf8')).replace('/* mine */', '')) as { mcpServers: object };
  assert.deepEqual(Object.keys(written.mcpServers).toSorted(), names);
  const removed = await Promise.all(names.map((name) => usher('client', 'remove', name)));
  assert.deepEqual(
    removed.map(({ code }) => code),
    names.map(() => 0),
  );
  assert.equal(await readFile(file, 'utf8'), '{ /* mine */ }\n');
});

test('nothing installed – a server added without naming a client – says so and writes nothing', async (context) => {
  const { home, usher } = await makeHome(context);
  const { code, stderr } = await usher('client', 'add', 'apollo', '--url', 'http://localhost:8000/mcp');
  assert.equal(code, 2);
  assert.match(stderr, /--client: is missing, for no MCP client was found here/);
  assert.deepEqual(await readdir(home), []);
});

test('a choice of clients – a server added without naming one – goes there, whatever is installed', async (context) => {
  const { home, usher } = await makeHome(context);
  await mkdir(join(home, '.cursor'));
  assert.match((await usher('client', 'setup', '--client', 'zed')).stdout, /^New servers go to Zed /);
  const added = await usher('client', 'add', 'apollo', '--url', 'http://localhost:8000/mcp');
  assert.match(added.stdout, /^Zed +added/);
  assert.match((await usher('client', 'list')).stdout, /\nzed +Zed +yes +yes /);
  assert.match((await usher('client', 'setup', '--client', 'installed')).stdout, /Cursor/);
});

test('the command line – a misspelt client, a name with spaces, no URL, headers that are none – all told at once, no header quoted', async (context) => {
  const { home, usher } = await makeHome(context);
  await writeFile(join(home, 'headers.txt'), 'X-Key sesame\n');
  const { code, stderr } = await usher(
    'client',
    'add',
    'my server',
    '--client',
    'curser',
    '--headers-file',
    'headers.txt',
    '--oauth-callback-port',
    '1',
  );
  assert.equal(code, 2);
  assert.match(stderr, /NAME: is "my server"/);
  assert.match(stderr, /--url: is missing/);
  assert.match(stderr, /names "curser", which is no client; did you mean cursor\?/);
  assert.match(stderr, /--headers-file: has no "Name: value" in line 1/);
  assert.match(stderr, /--oauth-callback-port: is of no use without --oauth-client-id/);
  assert.doesNotMatch(stderr, /sesame/);
});

test('headers of a file – a server added – stand in the settings, and in no output', async (context) => {
  const { home, usher } = await makeHome(context);
  await writeFile(join(home, 'headers.txt'), '# for the proxy in front\nX-Key: sesame open\n');
  const { code, stdout, stderr } = await usher(
    'client',
    'add',
    'apollo',
    '--url',
    'http://localhost:8000/mcp',
    '--client',
    'vscode',
    '--headers-file',
    'headers.txt',
    '--json',
  );
  assert.equal(code, 0);
  assert.doesNotMatch(stdout + stderr, /sesame/);
  assert.match(await readFile(join(home, '.config/Code/User/mcp.json'), 'utf8'), /"X-Key": "sesame open"/);
});

test('what Usher keeps is damaged – any command about it – one sentence with the path, and no settings touched', async (context) => {
  const { home, usher } = await makeHome(context);
  await mkdir(join(home, '.local/state/usher'), { recursive: true });
  await writeFile(join(home, '.local/state/usher/clients.json'), 'oops');
  for (const args of [
    ['status'],
    ['remove', 'apollo'],
    ['add', 'apollo', '--url', 'http://localhost:8000/mcp', '--client', 'zed'],
  ]) {
    const { code, stderr } = await usher('client', ...args);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use .*clients\.json, where Usher keeps which entries .*: it is damaged\n/);
  }
  assert.deepEqual(await readdir(home), ['.local']);
});
