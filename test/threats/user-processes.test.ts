import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { prepareStdioServer } from '../kit/stdio-server.ts';
import { until } from '../kit/until.ts';

type Setting = 'userTokenEnv' | 'userTokenFile';

interface Options {
  readonly mode?: 'legacy' | 'modern';
  readonly setting?: Setting;
  /** Seconds an exchanged token lives. */
  readonly lifeSeconds?: number;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** An exchanged token that says nothing about itself. */
  readonly isOpaque?: boolean;
}

/** The whole path: callers' tokens are exchanged, and each user's process is given theirs. */
async function start(
  context: TestContext,
  { mode = 'modern', setting = 'userTokenEnv', lifeSeconds = 3600, settings, isOpaque = false }: Options = {},
) {
  const server = await prepareStdioServer(context, mode);
  const issuer = await startIssuer();
  context.after(() => issuer[Symbol.asyncDispose]());
  const exchanged: string[] = [];
  let refusal: object | undefined;
  issuer.onToken = async (request, response) => {
    if (refusal !== undefined) return sendJson(response, 400, refusal);
    const subjectToken = new URLSearchParams(request.body).get('subject_token') ?? '';
    const { sub, scp } = JSON.parse(Buffer.from(subjectToken.split('.')[1] ?? '', 'base64url').toString()) as {
      sub: string;
      scp: string[];
    };
    const exp = Math.floor(Date.now() / 1000) + lifeSeconds;
    const scopes = scp.includes('reader') ? ['backend-api:read'] : ['backend-api:read', 'backend-api:write'];
    const token = isOpaque
      ? `opaque-${sub}-${exchanged.length}`
      : await issuer.sign({ aud: 'backend', sub, scp: scopes, exp });
    exchanged.push(token);
    sendJson(response, 200, {
      access_token: token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: lifeSeconds,
      scope: scopes.join(' '),
    });
  };
  const name = setting === 'userTokenEnv' ? 'API_TOKEN' : 'API_TOKEN_FILE';
  const gateway = await startTestGateway({
    stdio: exchangingServer(
      issuer,
      { url: '' },
      {
        upstream: { strategy: 'process', transport: 'stdio', command: server.command, [setting]: name, ...settings },
      },
    ),
  });
  context.after(() => gateway.close());
  const tokenOf = (sub: string, claims: Record<string, unknown> = {}) => issuer.sign({ sub, uid: sub, ...claims });
  const call = (callerToken: string, tool: string) => callTool(gateway.mcpUrl, callerToken, tool);
  return {
    ...server,
    gateway,
    exchanged,
    tokenOf,
    call,
    text: async (callerToken: string, tool: string) => textOf(await (await call(callerToken, tool)).json()),
    refuse: (body: object) => {
      refusal = body;
    },
  };
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

function callTool(url: string, callerToken: string, tool: string): Promise<Response> {
  const params = { name: tool, arguments: {}, _meta: meta };
  return post(
    url,
    callerToken,
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool },
  );
}

async function begin(url: string, callerToken: string) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const response = await post(url, callerToken, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const headers = { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
  return {
    status: response.status,
    call: (tool: string, by = callerToken) =>
      post(url, by, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }, headers),
  };
}

function textOf(message: unknown): string {
  const { result } = message as { result?: { content?: { text?: string }[] } };
  return result?.content?.[0]?.text ?? JSON.stringify(message);
}

function subjectOf(token: string): unknown {
  return (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: unknown }).sub;
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
