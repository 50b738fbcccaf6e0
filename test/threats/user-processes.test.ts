import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test, type TestContext } from 'node:test';
import { begin, startUserServers, subjectOf, type UserServerOptions } from '../kit/start-user-servers.ts';
import { prepareStdioServer } from '../kit/stdio-server.ts';
import { until } from '../kit/until.ts';

interface Options extends UserServerOptions {
  readonly mode?: 'legacy' | 'modern';
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Each user's process is given the user's exchanged token. */
async function start(context: TestContext, { mode = 'modern', settings, ...options }: Options = {}) {
  const server = await prepareStdioServer(context, mode);
  const upstream = { strategy: 'process' as const, command: server.command, ...settings };
  return { ...server, ...(await startUserServers(context, upstream, options)) };
}

for (const setting of ['userTokenEnv', 'userTokenFile'] as const) {
  test(`two users, ${setting} – each has a process of their own, with their own exchanged token`, async (context) => {
    const { tokenOf, text, exchanged } = await start(context, { setting });
    const [alice, bob] = [await tokenOf('alice'), await tokenOf('bob')];
    const found = await Promise.all([alice, bob, alice, bob].map((token) => text(token, 'token')));
    assert.deepEqual(found.map(subjectOf), ['alice', 'bob', 'alice', 'bob']);
    assert.ok(found.every((token) => exchanged.includes(token)));
    assert.ok(!found.includes(alice) && !found.includes(bob));
    assert.notEqual(await text(alice, 'pid'), await text(bob, 'pid'));
    assert.equal(await text(alice, 'pid'), await text(alice, 'pid'));
  });

  test(`a user's token, ${setting} – in no argument, log, audit trail or answer, also when the server says it aloud`, async (context) => {
    const { tokenOf, call, text, gateway, exchanged, alive } = await start(context, { setting, isOpaque: true });
    const alice = await tokenOf('alice');
    const answer = await (await call(alice, 'leak')).text();
    await until(() => gateway.logged.filter((line) => line.includes('my token is')).length === 2);
    await gateway.records();
    const trail = await readFile(gateway.auditFile, 'utf8');
    const commandLines = await Promise.all((await alive()).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8')));
    assert.ok(exchanged.length > 0);
    for (const token of [...exchanged, alice])
      for (const place of [answer, trail, ...gateway.logged, ...commandLines]) assert.ok(!place.includes(token), place);
    assert.match(await text(alice, 'token'), /^opaque-alice-/);
  });
}

test('the file of a token – for nobody but the user Usher runs as, and gone with its process', async (context) => {
  const { tokenOf, text, gateway } = await start(context, { setting: 'userTokenFile' });
  const path = await text(await tokenOf('alice'), 'file');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
  await gateway.close();
  await assert.rejects(stat(dirname(path)), { code: 'ENOENT' });
});

test('the environment of a process – nothing of the gateway, and not the caller’s token', async (context) => {
  const { tokenOf, text } = await start(context);
  const names = JSON.parse(await text(await tokenOf('alice'), 'environment')) as string[];
  const usual = new Set(['API_TOKEN', 'HOME', 'LANG', 'LC_ALL', 'PATH', 'TMPDIR', 'TZ', '__CF_USER_TEXT_ENCODING']);
  assert.deepEqual(
    names.filter((name) => !usual.has(name)),
    [],
  );
});

test('a newer token, userTokenFile – the file of the running process has it from the next call on', async (context) => {
  const { tokenOf, text } = await start(context, { setting: 'userTokenFile' });
  const first = await text(await tokenOf('alice', { jti: 'one' }), 'token');
  const pid = await text(await tokenOf('alice', { jti: 'one' }), 'pid');
  // Tokens say when they end in whole seconds; only one that lasts longer takes the place.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const newer = await tokenOf('alice', { jti: 'two' });
  await until(async () => (await text(newer, 'token')) !== first);
  assert.equal(await text(newer, 'pid'), pid);
});

test('a token that ends, userTokenEnv – its process goes before it, and the next call has one with the next token', async (context) => {
  const { tokenOf, text, noted } = await start(context, { lifeSeconds: 7 });
  const alice = await tokenOf('alice');
  const pid = await text(alice, 'pid');
  await until(async () => (await noted('closed')).some((note) => String(note.pid) === pid));
  assert.notEqual(await text(await tokenOf('alice'), 'pid'), pid);
});

test('a user whom the provider refuses from now on – the process goes at once', async (context) => {
  const { tokenOf, call, text, refuse, alive } = await start(context);
  await text(await tokenOf('alice'), 'pid');
  await text(await tokenOf('bob'), 'pid');
  assert.equal((await alive()).length, 2);
  refuse({ error: 'access_denied', error_description: 'Policy evaluation failed for this request.' });
  assert.equal((await call(await tokenOf('alice'), 'pid')).status, 403);
  await until(async () => (await alive()).length === 1);
});

test('the same user with a token for less – another process, not the one with the token for more', async (context) => {
  const { tokenOf, text } = await start(context);
  const more = await text(await tokenOf('alice'), 'pid');
  const less = await tokenOf('alice', { scp: ['mcp:tools:call', 'reader'] });
  assert.notEqual(await text(less, 'pid'), more);
  assert.ok(
    !(
      await text(less, 'token').then((token) => Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    ).includes('write'),
  );
});

test('the same user with a token for less, exchanged tokens opaque – another process, with the token for less', async (context) => {
  const { tokenOf, text, exchanged } = await start(context, { isOpaque: true });
  const more = await tokenOf('alice');
  const [pid, token] = [await text(more, 'pid'), await text(more, 'token')];
  const less = await tokenOf('alice', { scp: ['mcp:tools:call', 'reader'] });
  assert.notEqual(await text(less, 'pid'), pid);
  assert.deepEqual([token, await text(less, 'token')], exchanged);
});

test('the same user for another organisation – another process: what one token reaches the other must not', async (context) => {
  const { tokenOf, text } = await start(context);
  const pids = await Promise.all(
    [{ org_id: 'org-a' }, { org_id: 'org-b' }, { organization: { c: {} } }, {}].map(async (claims) =>
      text(await tokenOf('alice', claims), 'pid'),
    ),
  );
  assert.equal(new Set(pids).size, 4);
});

test('the next token of the same user, which says the same but for times and ids – the same process', async (context) => {
  const { tokenOf, text } = await start(context);
  const now = Math.floor(Date.now() / 1000);
  const first = await tokenOf('alice', { jti: 'one', auth_time: now, sid: 'a', groups: ['x', 'y'], aio: 'q' });
  const next = await tokenOf('alice', {
    jti: 'two',
    auth_time: now + 1,
    groups: ['y', 'x'],
    exp: now + 1000,
    aio: 'r',
  });
  assert.equal(await text(next, 'pid'), await text(first, 'pid'));
});

test('a session whose user comes for another organisation – 404: it has the token of the first', async (context) => {
  const { gateway, tokenOf } = await start(context, { mode: 'legacy' });
  const session = await begin(gateway.mcpUrl, await tokenOf('alice', { org_id: 'org-a' }));
  assert.equal((await session.call('token', await tokenOf('alice', { org_id: 'org-b' }))).status, 404);
});

test("another user's session id – 404, and the process hears nothing", async (context) => {
  const { gateway, tokenOf, noted } = await start(context, { mode: 'legacy' });
  const session = await begin(gateway.mcpUrl, await tokenOf('alice'));
  assert.equal(session.status, 200);
  assert.equal((await session.call('hang', await tokenOf('mallory'))).status, 404);
  assert.equal((await session.call('pid')).status, 200);
  assert.equal((await noted('hangs')).length, 0);
});

test("a session whose user comes with a token for less – 404: it has the user's token for more", async (context) => {
  const { gateway, tokenOf } = await start(context, { mode: 'legacy' });
  const session = await begin(gateway.mcpUrl, await tokenOf('alice'));
  const less = await tokenOf('alice', { scp: ['mcp:tools:call', 'reader'] });
  assert.equal((await session.call('token', less)).status, 404);
});

test('one user who opens many sessions – has no more processes than one may; others have theirs', async (context) => {
  const { gateway, tokenOf, alive } = await start(context, { mode: 'legacy', settings: { maxSessionsPerUser: 2 } });
  const mallory = await tokenOf('mallory');
  const bob = await begin(gateway.mcpUrl, await tokenOf('bob'));
  for (let opened = 0; opened < 5; opened += 1) assert.equal((await begin(gateway.mcpUrl, mallory)).status, 200);
  await until(async () => (await alive()).length === 3);
  assert.equal((await bob.call('pid')).status, 200);
});
