import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UsherError } from '../model/usher-error.ts';
import { addServer } from './add-server.ts';
import { chooseClients, writeChoice } from './choose-clients.ts';
import type { ServerEntry } from './client.ts';
import { clientTable } from './client-table.ts';
import { listServers } from './list-servers.ts';
import { findClientFile, ledgerFile, type Machine } from './machine.ts';
import { removeServer } from './remove-server.ts';

const apollo: ServerEntry = { name: 'apollo', url: 'http://localhost:8000/mcp' };

async function makeMachine(context: TestContext): Promise<Machine> {
  const home = await mkdtemp(join(tmpdir(), 'clients-'));
  context.after(() => rm(home, { recursive: true, force: true }));
  return { platform: 'linux', home, folder: join(home, 'work'), environment: {} };
}

function findClient(id: string) {
  const client = clientTable.find((row) => row.id === id);
  assert.ok(client, id);
  return client;
}

async function write(machine: Machine, id: string, text: string): Promise<string> {
  const file = findClientFile(findClient(id), machine) ?? '';
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

const results = (outcomes: readonly { client: string; result: string }[]) =>
  Object.fromEntries(outcomes.map(({ client, result }) => [client, result]));

/** Everything below a home folder but what Usher keeps itself, by path. */
async function snapshot(home: string): Promise<Readonly<Record<string, string>>> {
  const paths = await readdir(home, { recursive: true });
  const kept = paths.filter((path) => !path.startsWith(join('.local', 'state', 'usher'))).toSorted();
  const pairs = kept.map(async (path) => {
    const isFile = (await stat(join(home, path))).isFile();
    return [path, isFile ? await readFile(join(home, path), 'utf8') : 'folder'] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

test('a server – added to every client and removed – every file and folder is as before', async (context) => {
  const machine = await makeMachine(context);
  await write(machine, 'vscode', '{\n  // mine\n  "servers": {}, \n}\r\n');
  await write(machine, 'codex', 'model = "x"');
  await write(machine, 'goose', 'extensions:\n  developer:\n    enabled: true # yes\n\n# the end\n');
  await write(machine, 'claude-code', '{"numStartups":1,"mcpServers":{"other":{"type":"stdio"}}}');
  await write(machine, 'continue', 'name: mine\nversion: 1.0.0\nmcpServers: []\n');
  await mkdir(join(machine.home, '.local', 'state'), { recursive: true });
  const before = await snapshot(machine.home);
  const clients = clientTable.filter(({ file }) => file.linux !== undefined);
  const added = await addServer(apollo, { clients: clientTable, machine });
  assert.deepEqual(new Set(added.map(({ result }) => result)), new Set(['added']));
  assert.deepEqual(
    added.map(({ client }) => client),
    clients.map(({ id }) => id),
  );
  const removed = await removeServer('apollo', { machine });
  assert.deepEqual(new Set(removed.map(({ result }) => result)), new Set(['removed']));
  assert.deepEqual(await snapshot(machine.home), before);
});

test('a server – added twice and with another URL – written once, then brought up to date', async (context) => {
  const machine = await makeMachine(context);
  const clients = [findClient('vscode'), findClient('codex'), findClient('continue')];
  await write(machine, 'continue', 'name: mine\n');
  const file = await write(machine, 'vscode', '{}');
  await addServer(apollo, { clients, machine });
  assert.deepEqual(results(await addServer(apollo, { clients, machine })), {
    vscode: 'unchanged',
    codex: 'unchanged',
    continue: 'unchanged',
  });
  const moved = await addServer({ ...apollo, url: 'http://localhost:9000/mcp' }, { clients, machine });
  assert.deepEqual(results(moved), { vscode: 'updated', codex: 'updated', continue: 'updated' });
  assert.match(await readFile(file, 'utf8'), /9000/);
  await removeServer('apollo', { machine });
  assert.equal(await readFile(file, 'utf8'), '{}');
});

test('an entry of the same name that Usher did not write – a server added – never touched, and still there after a removal', async (context) => {
  const machine = await makeMachine(context);
  const text = '{"mcpServers":{"apollo":{"url":"https://theirs.example/mcp"}}}';
  const file = await write(machine, 'cursor', text);
  const [outcome] = await addServer(apollo, { clients: [findClient('cursor')], machine, force: true });
  assert.equal(outcome?.result, 'kept');
  assert.match(outcome?.problem?.reason ?? '', /another server called apollo that Usher did not write/);
  assert.deepEqual(await removeServer('apollo', { machine, force: true }), []);
  assert.equal(await readFile(file, 'utf8'), text);
});

test('an entry that says the same already and is not ours – a server added and removed – stays', async (context) => {
  const machine = await makeMachine(context);
  const text = '{"mcpServers":{"apollo":{"url":"http://localhost:8000/mcp"}}}';
  const file = await write(machine, 'cursor', text);
  assert.deepEqual(results(await addServer(apollo, { clients: [findClient('cursor')], machine })), {
    cursor: 'unchanged',
  });
  assert.deepEqual(await removeServer('apollo', { machine, force: true }), []);
  assert.equal(await readFile(file, 'utf8'), text);
});

test('an entry of ours that somebody changed – updated or removed – left alone unless forced', async (context) => {
  const machine = await makeMachine(context);
  const clients = [findClient('cursor')];
  const file = await write(machine, 'cursor', '{}');
  await addServer(apollo, { clients, machine });
  const changed = (await readFile(file, 'utf8')).replace('8000/mcp"', '8000/mcp", "disabled": true');
  await writeFile(file, changed);
  assert.deepEqual(
    (await listServers(machine)).map(({ state }) => state),
    ['changed'],
  );
  assert.deepEqual(results(await addServer({ ...apollo, url: 'http://localhost:1/mcp' }, { clients, machine })), {
    cursor: 'kept',
  });
  const [kept] = await removeServer('apollo', { machine });
  assert.equal(kept?.result, 'kept');
  assert.match(kept?.problem?.advice ?? '', /--force/);
  assert.equal(await readFile(file, 'utf8'), changed);
  assert.deepEqual(results(await removeServer('apollo', { machine, force: true })), { cursor: 'removed' });
  assert.equal(await readFile(file, 'utf8'), '{}');
});

test('settings that the client wrote anew in its own layout – a server removed – only our entry goes', async (context) => {
  const machine = await makeMachine(context);
  const file = await write(machine, 'claude-code', '{"mcpServers":{"other":{"type":"stdio"}}}');
  await addServer(apollo, { clients: [findClient('claude-code')], machine });
  const settings: unknown = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...Object(settings), numStartups: 7 }, undefined, 4));
  assert.deepEqual(results(await removeServer('apollo', { machine })), { 'claude-code': 'removed' });
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
    mcpServers: { other: { type: 'stdio' } },
    numStartups: 7,
  });
});

test('a client that wants more in its file than servers – no file there yet – none is made for it', async (context) => {
  const machine = await makeMachine(context);
  const [missing] = await addServer(apollo, { clients: [findClient('continue')], machine });
  assert.match(missing?.problem?.reason ?? '', /has not made it yet/);
  assert.deepEqual(Object.keys(await snapshot(machine.home)), ['.local', join('.local', 'state')]);
  assert.deepEqual(await listServers(machine), []);
});

test('a file that cannot be read – a server added to it and to others – the others have it, and the file keeps its bytes', async (context) => {
  const machine = await makeMachine(context);
  const broken = {
    vscode: '{"servers": {',
    codex: 'a = = 1',
    goose: 'a: [',
    zed: '{"context_servers": []}',
    cursor: '{"mcpServers":{},"mcpServers":{}}',
  };
  for (const [id, text] of Object.entries(broken)) await write(machine, id, text);
  await mkdir(join(machine.home, '.local', 'state'), { recursive: true });
  const before = await snapshot(machine.home);
  const clients = [...Object.keys(broken).map(findClient), findClient('lm-studio')];
  const outcomes = await addServer(apollo, { clients, machine });
  assert.deepEqual(results(outcomes), {
    vscode: 'kept',
    codex: 'kept',
    goose: 'kept',
    zed: 'kept',
    cursor: 'kept',
    'lm-studio': 'added',
  });
  assert.deepEqual(
    outcomes.map(({ problem }) => problem?.reason),
    [
      'it is no sound JSON (close brace expected, line 1, column 14)',
      'it is no sound TOML (unexpected token, line 1, column 5)',
      'it is no sound YAML (bad indent, line 1, column 5)',
      '"context_servers" is no object in braces',
      'it has the key "mcpServers" twice',
      undefined,
    ],
  );
  await removeServer('apollo', { machine });
  assert.deepEqual(await snapshot(machine.home), before);
});

test('settings – while a server of Usher is in them – a copy from before stands beside, readable by its owner only', async (context) => {
  const machine = await makeMachine(context);
  const file = await write(machine, 'vscode', '{ /* before */ }');
  const clients = [findClient('vscode')];
  await addServer(apollo, { clients, machine });
  await addServer({ ...apollo, name: 'other' }, { clients, machine });
  assert.equal(await readFile(`${file}.before-usher`, 'utf8'), '{ /* before */ }');
  assert.equal((await stat(`${file}.before-usher`)).mode & 0o777, 0o600);
  await removeServer('apollo', { machine });
  await stat(`${file}.before-usher`);
  await removeServer('other', { machine });
  assert.deepEqual(await readdir(dirname(file)), ['mcp.json']);
});

test('an Usher that ended between its note and the file – a server added again and removed – as if it had not', async (context) => {
  const machine = await makeMachine(context);
  const clients = [findClient('vscode')];
  const file = await write(machine, 'vscode', '{}');
  await addServer(apollo, { clients, machine });
  await writeFile(file, '{}');
  assert.deepEqual(
    (await listServers(machine)).map(({ state }) => state),
    ['gone'],
  );
  assert.deepEqual(results(await addServer(apollo, { clients, machine })), { vscode: 'added' });
  await removeServer('apollo', { machine });
  assert.equal(await readFile(file, 'utf8'), '{}');
});

test('an Usher that ended between its note and the file – a server with a new URL added again – written, nobody changed it', async (context) => {
  const machine = await makeMachine(context);
  const clients = [findClient('vscode')];
  const file = await write(machine, 'vscode', '{}');
  await addServer(apollo, { clients, machine });
  const before = await readFile(file, 'utf8');
  const moved = { ...apollo, url: 'http://localhost:9000/mcp' };
  await addServer(moved, { clients, machine });
  await writeFile(file, before);
  assert.deepEqual(results(await addServer(moved, { clients, machine })), { vscode: 'updated' });
  assert.match(await readFile(file, 'utf8'), /9000/);
  await writeFile(file, before);
  assert.deepEqual(results(await removeServer('apollo', { machine })), { vscode: 'removed' });
  assert.equal(await readFile(file, 'utf8'), '{}');
});

test('headers that are secrets – a server added – stand in the client’s settings, and not in what Usher keeps', async (context) => {
  const machine = await makeMachine(context);
  await addServer({ ...apollo, headers: { 'X-Key': 'sesame-open' } }, { clients: [findClient('vscode')], machine });
  assert.doesNotMatch(await readFile(ledgerFile(machine), 'utf8'), /sesame/);
  assert.equal((await stat(findClientFile(findClient('vscode'), machine) ?? '')).mode & 0o777, 0o600);
});

test('a client that this version does not know – a server removed – said, and nothing is forgotten', async (context) => {
  const machine = await makeMachine(context);
  await addServer(apollo, { clients: [findClient('zed')], machine });
  const kept = await readFile(ledgerFile(machine), 'utf8');
  await writeFile(ledgerFile(machine), kept.replace('"zed"', '"of-tomorrow"'));
  const [outcome] = await removeServer('apollo', { machine });
  assert.match(outcome?.problem?.reason ?? '', /does not know the client of-tomorrow/);
  assert.deepEqual(
    (await listServers(machine)).map(({ client, state }) => [client, state]),
    [['of-tomorrow', 'unreadable']],
  );
});

test('what Usher keeps – damaged – no settings are touched', async (context) => {
  const machine = await makeMachine(context);
  const file = await write(machine, 'vscode', '{}');
  await mkdir(dirname(ledgerFile(machine)), { recursive: true });
  await writeFile(ledgerFile(machine), '{"version":2}');
  for (const work of [
    () => addServer(apollo, { clients: [findClient('vscode')], machine }),
    () => removeServer('apollo', { machine }),
    () => listServers(machine),
  ]) {
    await assert.rejects(work, (error) => error instanceof UsherError && error.code === 'client_state_unusable');
  }
  assert.equal(await readFile(file, 'utf8'), '{}');
});

test('clients – nobody named any – those installed here, or those chosen once', async (context) => {
  const machine = await makeMachine(context);
  await write(machine, 'vscode', '{}');
  await mkdir(join(machine.home, '.cursor'));
  const ids = async () => (await chooseClients(machine)).map(({ id }) => id);
  assert.deepEqual(await ids(), ['vscode', 'cursor']);
  await writeChoice(machine, [findClient('zed')]);
  assert.deepEqual(await ids(), ['zed']);
  await writeChoice(machine, undefined);
  assert.deepEqual(await ids(), ['vscode', 'cursor']);
});

test('headers – a server added to a file that others can read – only its owner can until it is removed, then as before', async (context) => {
  const machine = await makeMachine(context);
  const clients = [findClient('vscode')];
  const file = await write(machine, 'vscode', '{}');
  const mode = async () => (await stat(file)).mode & 0o777;
  await chmod(file, 0o664);
  await addServer(apollo, { clients, machine });
  assert.equal(await mode(), 0o664);
  const [outcome] = await addServer({ ...apollo, headers: { 'X-Key': 'sesame' } }, { clients, machine });
  assert.equal(await mode(), 0o600);
  assert.match(outcome?.note ?? '', /only you can read it/);
  await addServer({ ...apollo, headers: { 'X-Key': 'other' } }, { clients, machine });
  await removeServer('apollo', { machine });
  assert.equal(await mode(), 0o664);
});

test('headers – a client that wrote its file anew for others to read, then somebody who chose for themselves – closed again; left as they chose', async (context) => {
  const machine = await makeMachine(context);
  const clients = [findClient('vscode')];
  const file = await write(machine, 'vscode', '{}');
  await chmod(file, 0o644);
  const withKey = { ...apollo, headers: { 'X-Key': 'sesame' } };
  await addServer(withKey, { clients, machine });
  await chmod(file, 0o644);
  assert.deepEqual(results(await addServer(withKey, { clients, machine })), { vscode: 'unchanged' });
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await chmod(file, 0o640);
  await removeServer('apollo', { machine });
  assert.equal((await stat(file)).mode & 0o777, 0o640);
});

test('a server that takes callers without a token, one that has changed nothing – added – nobody is told to sign in', async (context) => {
  const machine = await makeMachine(context);
  const clients = [findClient('codex')];
  const noteOf = async (server: ServerEntry) => (await addServer(server, { clients, machine }))[0]?.note;
  assert.equal(await noteOf({ ...apollo, isOpen: true }), undefined);
  assert.equal(await noteOf(apollo), undefined);
  assert.equal(await noteOf({ ...apollo, url: 'http://localhost:9000/mcp' }), 'Sign in with: codex mcp login apollo');
});

test('a project of others – a link where the copy goes – is replaced, and what it leads to stays', async (context) => {
  const machine = await makeMachine(context);
  const file = await write(machine, 'vscode-workspace', '{"servers":{"$(id)":{"url":"https://evil.example"}}}');
  const profile = join(machine.home, '.profile');
  await writeFile(profile, 'mine');
  await symlink(profile, `${file}.before-usher`);
  await addServer(apollo, { clients: [findClient('vscode-workspace')], machine });
  assert.equal(await readFile(profile, 'utf8'), 'mine');
  assert.ok((await lstat(`${file}.before-usher`)).isFile());
  await removeServer('apollo', { machine });
  assert.equal(await readFile(profile, 'utf8'), 'mine');
});
