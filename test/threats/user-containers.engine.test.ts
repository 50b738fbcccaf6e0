import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { begin, startUserServers, subjectOf, type UserServerOptions } from '../kit/start-user-servers.ts';
import { askEngine, containedStdioServer, listContainers, skip } from '../kit/test-engine.ts';
import { until } from '../kit/until.ts';

interface Options extends UserServerOptions {
  readonly mode?: 'legacy' | 'modern';
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Each user's container is given the user's exchanged token. */
async function start(context: TestContext, { mode = 'modern', settings, ...options }: Options = {}) {
  const server = await containedStdioServer(context, mode);
  return { ...server, ...(await startUserServers(context, { ...server.upstream, ...settings }, options)) };
}

/** All that the engine tells of the containers, as `docker inspect` shows it. */
async function inspected(): Promise<string> {
  const containers = await listContainers('stdio');
  const all = await Promise.all(containers.map(({ Id }) => askEngine<object>('GET', `/containers/${Id}/json`)));
  return JSON.stringify(all.map(({ body }) => body));
}

for (const setting of ['userTokenEnv', 'userTokenFile'] as const) {
  test(
    `two users, ${setting} – each has a container of their own, with their own exchanged token`,
    { skip },
    async (context) => {
      const { tokenOf, text, exchanged } = await start(context, { setting });
      const [alice, bob] = [await tokenOf('alice'), await tokenOf('bob')];
      const found = await Promise.all([alice, bob, alice].map((token) => text(token, 'token')));
      assert.deepEqual(found.map(subjectOf), ['alice', 'bob', 'alice']);
      assert.ok(found.every((token) => exchanged.includes(token)));
      assert.notEqual(await text(alice, 'host'), await text(bob, 'host'));
      assert.equal((await listContainers('stdio')).length, 2);
      assert.equal(await text(alice, 'user'), '1000', "the image's own user, whoever runs the gateway");
    },
  );

  test(
    `a user's token, ${setting} – in no log, answer or audit trail, also when the server says it aloud`,
    { skip },
    async (context) => {
      const { tokenOf, call, gateway, exchanged } = await start(context, { setting, isOpaque: true });
      const answer = await (await call(await tokenOf('alice'), 'leak')).text();
      await until(() => gateway.logged.filter((line) => line.includes('my token is')).length === 2);
      await gateway.records();
      const trail = readFileSync(gateway.auditFile, 'utf8');
      assert.ok(exchanged.length > 0);
      for (const token of exchanged)
        for (const place of [answer, trail, ...gateway.logged]) assert.ok(!place.includes(token), place);
      // What is in its environment the engine tells whoever may use the engine: docs/guides/stdio-servers.md says so.
      assert.equal((await inspected()).includes(exchanged[0] ?? '-'), setting === 'userTokenEnv');
    },
  );
}

test(
  'a newer token, userTokenFile – the container that runs has it from the next call on',
  { skip },
  async (context) => {
    const { tokenOf, text } = await start(context, { setting: 'userTokenFile' });
    const first = await text(await tokenOf('alice', { jti: 'one' }), 'token');
    const host = await text(await tokenOf('alice', { jti: 'one' }), 'host');
    // Tokens say when they end in whole seconds; only one that lasts longer takes the place.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const newer = await tokenOf('alice', { jti: 'two' });
    await until(async () => (await text(newer, 'token')) !== first);
    assert.equal(await text(newer, 'host'), host);
  },
);

test(
  'a token that ends, userTokenEnv – its container goes before it, and the next call has another',
  { skip },
  async (context) => {
    const { tokenOf, text } = await start(context, { lifeSeconds: 8 });
    const alice = await tokenOf('alice');
    const host = await text(alice, 'host');
    await until(async () => (await listContainers('stdio')).length === 0, 20_000);
    assert.notEqual(await text(await tokenOf('alice'), 'host'), host);
  },
);

test('a user whom the provider refuses from now on – the container goes at once', { skip }, async (context) => {
  const { tokenOf, call, text, refuse } = await start(context);
  await text(await tokenOf('alice'), 'host');
  refuse({ error: 'access_denied', error_description: 'Policy evaluation failed for this request.' });
  assert.equal((await call(await tokenOf('alice'), 'host')).status, 403);
  await until(async () => (await listContainers('stdio')).length === 0, 20_000);
});

test('one user who opens many sessions – has no more containers than one may', { skip }, async (context) => {
  const settings = { maxSessionsPerUser: 2 };
  const { gateway, tokenOf } = await start(context, { mode: 'legacy', setting: 'userTokenFile', settings });
  const mallory = await tokenOf('mallory');
  for (let opened = 0; opened < 4; opened += 1) assert.equal((await begin(gateway.mcpUrl, mallory)).status, 200);
  await until(async () => (await listContainers('stdio')).length === 2, 20_000);
});

test(
  'tokens of a gateway that was killed – removed at the next start; those of one that runs, and of others, stay',
  { skip },
  async (context) => {
    const place = mkdtempSync(join(tmpdir(), 'usher-places-'));
    const before = process.env['XDG_RUNTIME_DIR'];
    process.env['XDG_RUNTIME_DIR'] = place;
    context.after(() => {
      if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
      else process.env['XDG_RUNTIME_DIR'] = before;
      rmSync(place, { recursive: true, force: true });
    });
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const leave = (name: string, mark: string | undefined) => {
      mkdirSync(join(place, name));
      if (mark !== undefined) writeFileSync(join(place, name, 'process'), mark);
    };
    leave('usher-token-left', '1 1 another-boot/pid:[1]');
    leave('usher-token-elsewhere', `1 1 ${boot}/pid:[1]`);
    leave('usher-token-unclear', undefined);
    const { tokenOf, text, gateway } = await start(context, { setting: 'userTokenFile' });
    assert.equal(subjectOf(await text(await tokenOf('alice'), 'token')), 'alice');
    const names = readdirSync(place);
    assert.ok(!names.includes('usher-token-left'));
    assert.equal(names.length, 3, `the two others, and that of alice: ${names.join(' ')}`);
    await gateway.close();
    assert.deepEqual(readdirSync(place).toSorted(), ['usher-token-elsewhere', 'usher-token-unclear']);
  },
);
