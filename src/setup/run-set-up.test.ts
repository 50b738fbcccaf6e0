import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { AdminRequest, SetUp } from '../model/set-up.ts';
import { Secret } from '../model/secret.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import { loadConfig } from '../config/load.ts';
import { runSetUp } from './run-set-up.ts';
import { undoSetUp } from './undo-set-up.ts';

/** A provider that consists of what has to be there; `refuses` fails. */
function buildProvider(names: readonly string[], options: { refuses?: string; loses?: string; target?: string } = {}) {
  const there = new Set<string>();
  const undone: AdminRequest[] = [];
  const setUp: SetUp = {
    provider: 'okta',
    title: 'Okta',
    target: options.target ?? 'https://example.okta.com',
    plan: async () => ({
      found: [...there],
      steps: names
        .filter((name) => !there.has(name))
        .map((name) => ({
          action: 'create',
          sentence: `Make ${name}`,
          perform: async () => {
            if (name === options.refuses) {
              const details = { target: '', action: '', status: 400, code: 'E', description: 'refused' };
              throw fail('setup_refused', { title: 'Okta', ...details });
            }
            there.add(name);
            if (name === options.loses) throw new Error('no answer');
            return { sentence: `Delete ${name}`, requests: [{ method: 'DELETE', path: `/api/${name}` }] };
          },
        })),
    }),
    readOutcome: async () => ({
      callers: { issuer: 'https://example.okta.com/oauth2/a', audience: ['mcpserver'], scopes: ['call'] },
      exchange: {
        url: 'https://example.okta.com/oauth2/b/v1/token',
        clientId: '0oa1',
        clientSecret: new Secret('gateway: "secret" #1'),
        audience: ['backend'],
        scopes: ['read'],
      },
      client: { clientId: '0oa2', clientSecret: new Secret('client-secret'), redirectUris: ['http://127.0.0.1/'] },
    }),
    mayUndo: ({ path }) => path.startsWith('/api/'),
    undo: async (request) => {
      undone.push(request);
      return there.delete(request.path.slice('/api/'.length)) ? 'done' : 'gone';
    },
    close: async () => undefined,
  };
  return { setUp, there, undone };
}

const choices = { name: 'mcp', upstreamUrl: 'http://127.0.0.1:8001/mcp', port: 8000, caFile: undefined };
const yes = { agree: async () => true, done: () => undefined };
const no = { agree: async () => false, done: () => undefined };

async function makeFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-set-up-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const isConflict = (reason: RegExp) => (error: unknown) =>
  error instanceof UsherError && error.code === 'setup_conflict' && reason.test(error.message);

test('set-up – agreed to – does all, writes a configuration that can be used, and has nothing to do again', async (context) => {
  const folder = await makeFolder(context);
  const { setUp, there } = buildProvider(['a', 'b']);
  const { state } = await runSetUp(setUp, folder, { choices, watcher: yes });
  assert.equal(state, 'applied');
  assert.deepEqual([...there], ['a', 'b']);
  const { config } = loadConfig({ file: join(folder, 'usher.yaml'), flags: [], environment: {} });
  const credential = config.servers['mcp']?.credential;
  assert.ok(credential?.strategy === 'token-exchange');
  assert.equal(credential.clientSecret?.reveal(), 'gateway: "secret" #1');
  const again = await runSetUp(setUp, folder, { choices, watcher: yes });
  assert.equal(again.state, 'unchanged');
});

test("set-up – people's client has no secret – promises no file for one", async (context) => {
  const { setUp } = buildProvider(['a']);
  const plan = async () => ({ ...(await setUp.plan()), isPublicClient: true });
  const { files } = await runSetUp({ ...setUp, plan }, await makeFolder(context), { choices, watcher: no });
  assert.deepEqual(files, { 'usher.yaml': 'write', 'gateway-secret.txt': 'write' });
});

test('set-up – declined – does and writes nothing', async (context) => {
  const folder = await makeFolder(context);
  const { setUp, there } = buildProvider(['a']);
  assert.equal((await runSetUp(setUp, folder, { choices, watcher: no })).state, 'declined');
  assert.equal(there.size, 0);
  assert.deepEqual(await readdir(folder), []);
});

test('set-up – a file that somebody else wrote – refused before anything is done', async (context) => {
  const folder = await makeFolder(context);
  await writeFile(join(folder, 'usher.yaml'), 'servers: {}\n');
  const { setUp, there } = buildProvider(['a']);
  await assert.rejects(runSetUp(setUp, folder, { choices, watcher: yes }), isConflict(/usher\.yaml is there already/));
  assert.equal(there.size, 0);
});

test('set-up – a configuration that was edited since – stays, also at the undo', async (context) => {
  const folder = await makeFolder(context);
  const { setUp, there } = buildProvider(['a']);
  await runSetUp(setUp, folder, { choices, watcher: yes });
  await writeFile(join(folder, 'usher.yaml'), '# mine\n');
  there.clear();
  const { files } = await runSetUp(setUp, folder, { choices, watcher: yes });
  assert.equal(files['usher.yaml'], 'edited');
  await undoSetUp(setUp, folder, yes);
  assert.deepEqual(await readdir(folder), ['usher.yaml']);
});

test('set-up – refused half way – has on record what was done, and no more', async (context) => {
  const folder = await makeFolder(context);
  const { setUp, there, undone } = buildProvider(['a', 'b', 'c'], { refuses: 'c' });
  await assert.rejects(runSetUp(setUp, folder, { choices, watcher: yes }), { code: 'setup_refused' });
  await undoSetUp(setUp, folder, yes);
  assert.deepEqual(
    undone.map(({ path }) => path),
    ['/api/b', '/api/a'],
  );
  assert.equal(there.size, 0);
  assert.deepEqual(await readdir(folder), []);
});

test('set-up – interrupted in a step that was done all the same – says that the undo does not know of it', async (context) => {
  const folder = await makeFolder(context);
  const options: { loses?: string } = { loses: 'b' };
  const { setUp } = buildProvider(['a', 'b', 'c'], options);
  await assert.rejects(runSetUp(setUp, folder, { choices, watcher: yes }), /no answer/);
  delete options.loses;
  const { unsure } = await runSetUp(setUp, folder, { choices, watcher: yes });
  assert.deepEqual(unsure, ['Make b']);
  const undone = await undoSetUp(setUp, folder, yes);
  assert.deepEqual([undone.steps, undone.unsure], [['Delete c', 'Delete a'], ['Make b']]);
});

test('set-up – interrupted in a step that was not done – does it and has it on record', async (context) => {
  const folder = await makeFolder(context);
  const options: { loses?: string } = { loses: 'a' };
  const { setUp, there } = buildProvider(['a'], options);
  await assert.rejects(runSetUp(setUp, folder, { choices, watcher: yes }), /no answer/);
  there.clear();
  delete options.loses;
  const { unsure } = await runSetUp(setUp, folder, { choices, watcher: yes });
  const undone = await undoSetUp(setUp, folder, yes);
  assert.deepEqual([unsure, undone.unsure, undone.steps], [[], [], ['Delete a']]);
});

test('undo – right after an interruption – names the step that may be done', async (context) => {
  const folder = await makeFolder(context);
  const { setUp } = buildProvider(['a', 'b'], { loses: 'b' });
  await assert.rejects(runSetUp(setUp, folder, { choices, watcher: yes }), /no answer/);
  const { steps, unsure } = await undoSetUp(setUp, folder, yes);
  assert.deepEqual([steps, unsure], [['Delete a'], ['Make b']]);
});

test('set-up – a folder that cannot be written – refused before anything is done', async (context) => {
  const file = join(await makeFolder(context), 'a-file');
  await writeFile(file, '');
  const { setUp, there } = buildProvider(['a']);
  await assert.rejects(runSetUp(setUp, join(file, 'out'), { choices, watcher: yes }), isConflict(/ENOTDIR/));
  assert.equal(there.size, 0);
});

test('undo – what is gone already – is told and counts as done', async (context) => {
  const folder = await makeFolder(context);
  const { setUp, there } = buildProvider(['a', 'b']);
  await runSetUp(setUp, folder, { choices, watcher: yes });
  there.delete('a');
  const { gone, state } = await undoSetUp(setUp, folder, yes);
  assert.deepEqual({ gone, state }, { gone: ['Delete a'], state: 'undone' });
});

test('undo – declined – takes nothing back', async (context) => {
  const folder = await makeFolder(context);
  const { setUp, there } = buildProvider(['a']);
  await runSetUp(setUp, folder, { choices, watcher: yes });
  assert.equal((await undoSetUp(setUp, folder, no)).state, 'declined');
  assert.equal(there.size, 1);
});

test('undo – without a record – refused, nothing is deleted by its name', async (context) => {
  const { setUp, undone } = buildProvider(['a']);
  await assert.rejects(undoSetUp(setUp, await makeFolder(context), yes), isConflict(/there is no usher-setup\.json/));
  assert.deepEqual(undone, []);
});

test('undo – the record of another org – refused', async (context) => {
  const folder = await makeFolder(context);
  await runSetUp(buildProvider(['a']).setUp, folder, { choices, watcher: yes });
  const other = buildProvider(['a'], { target: 'https://other.okta.com' });
  await assert.rejects(
    undoSetUp(other.setUp, folder, yes),
    isConflict(/is about okta at https:\/\/example\.okta\.com/),
  );
  assert.deepEqual(other.undone, []);
});

for (const path of [
  '//evil.example/x',
  '/../admin',
  '/%2e%2E',
  'https://evil.example/x',
  '/api/../x',
  '/api/%2E%2e/x',
  '/api/.%2e',
  '/api\\x',
  '/a b',
]) {
  test(`undo – a record with the path ${path} – refused as damaged`, async (context) => {
    const folder = await makeFolder(context);
    const { setUp, undone } = buildProvider(['a']);
    await runSetUp(setUp, folder, { choices, watcher: yes });
    const file = join(folder, 'usher-setup.json');
    const record = JSON.parse(await readFile(file, 'utf8')) as { steps: { requests: { path: string }[] }[] };
    const [request] = record.steps[0]?.requests ?? [];
    assert.ok(request);
    request.path = path;
    await writeFile(file, JSON.stringify(record));
    await assert.rejects(undoSetUp(setUp, folder, yes), isConflict(/is damaged/));
    assert.deepEqual(undone, []);
  });
}

test('undo – a record in which a sentence says one thing and its requests another – refused, and nothing is sent', async (context) => {
  const folder = await makeFolder(context);
  const { setUp, undone } = buildProvider(['a']);
  await runSetUp(setUp, folder, { choices, watcher: yes });
  const file = join(folder, 'usher-setup.json');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('/api/a', '/users/admin'));
  await assert.rejects(undoSetUp(setUp, folder, yes), isConflict(/says DELETE \/users\/admin, which no set-up has/));
  assert.deepEqual(undone, []);
});
