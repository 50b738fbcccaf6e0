import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { post } from '../kit/call.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { callModern, clientInfo, meta, modernHeaders, openSession, textOf } from '../kit/stdio-client.ts';
import { allMessagesOf, messagesOf, prepareStdioServer } from '../kit/stdio-server.ts';
import { until } from '../kit/until.ts';

interface Options {
  readonly mode?: 'legacy' | 'modern';
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly answerTimeoutSeconds?: number;
  readonly firstMs?: number;
}

/** A gateway that lets everybody call, in front of the test server. */
async function start(
  context: TestContext,
  { mode = 'legacy', settings, answerTimeoutSeconds = 60, firstMs = 10 }: Options = {},
) {
  const server = await prepareStdioServer(context, mode);
  const gateway = await startTestGateway(
    {
      stdio: {
        authenticate: [{ strategy: 'anonymous' }],
        upstream: { strategy: 'process', transport: 'stdio', command: server.command, ...settings },
        answerTimeoutSeconds,
      },
    },
    { restartTimes: { firstMs, longestMs: Math.max(firstMs, 100), healthyMs: 60_000 } },
  );
  context.after(() => gateway.close());
  return { ...server, gateway, open: () => openSession(gateway.mcpUrl) };
}

function startOnly(command: string[]) {
  const upstream = { strategy: 'process' as const, transport: 'stdio' as const, command };
  return startTestGateway({ stdio: { authenticate: [{ strategy: 'anonymous' }], upstream } });
}

test('two sessions – each has a process of its own', async (context) => {
  const { open } = await start(context);
  const [one, other] = [await open(), await open()];
  assert.notEqual(one.id, other.id);
  assert.equal(await one.text('pid'), await one.text('pid', 2));
  assert.notEqual(await one.text('pid'), await other.text('pid'));
});

test('a session that is ended – its process goes, and the session is not known any more', async (context) => {
  const { open, alive } = await start(context);
  const session = await open();
  await session.text('pid');
  assert.equal((await session.end()).status, 204);
  await until(async () => (await alive()).length === 0);
  assert.equal((await session.call('pid')).status, 404);
});

test('a session nobody uses – ended after the time for that', async (context) => {
  const { open, alive, noted } = await start(context, { settings: { sessionIdleSeconds: 0.2 } });
  const session = await open();
  await until(async () => (await alive()).length === 0);
  assert.equal((await noted('closed')).length, 2);
  assert.equal((await session.call('pid')).status, 404);
});

test('a request without a session – 400, and nothing is started for it', async (context) => {
  const { gateway, noted } = await start(context);
  const before = (await noted('started')).length;
  assert.equal((await post(gateway.mcpUrl, undefined)).status, 400);
  assert.equal((await noted('started')).length, before);
});

test('progress, before 2026-07-28 – comes on the stream of its call, which then is one of events', async (context) => {
  const { open } = await start(context);
  const session = await open();
  const response = await session.call('progress', 7, { _meta: { progressToken: 'mine' } });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const messages = await allMessagesOf(response);
  assert.deepEqual(
    messages.map((one) => one['method'] ?? one['id']),
    ['notifications/progress', 'notifications/progress', 7],
  );
});

test('a server that asks the client – on the stream of the call that it asks for, and hears the answer', async (context) => {
  const { open } = await start(context);
  const session = await open();
  const response = await session.call('ask', 5);
  const messages = messagesOf(response);
  const { value: question } = await messages.next();
  assert.equal(question?.['method'], 'elicitation/create');
  const answered = await session.send({ id: question?.['id'], result: { action: 'accept' } });
  assert.equal(answered.status, 202);
  const { value: answer } = await messages.next();
  assert.equal(answer?.['id'], 5);
  assert.match(textOf(answer), /accept/);
});

test('what a server says by itself – comes to who listens, also when nobody did at first', async (context) => {
  const { open } = await start(context);
  const session = await open();
  await session.text('announce');
  const leave = new AbortController();
  const messages = messagesOf(await session.listen({}, leave.signal));
  assert.equal((await messages.next()).value?.['method'], 'notifications/tools/list_changed');
  await session.text('announce', 2);
  assert.equal((await messages.next()).value?.['method'], 'notifications/tools/list_changed');
  leave.abort();
});

test('a stream that broke off – taken up again behind the last event', async (context) => {
  const { open } = await start(context);
  const session = await open();
  const response = await session.call('progress', 7, { _meta: { progressToken: 1 } });
  const ids = [...(await response.text()).matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');
  assert.equal(ids.length, 3);
  const again = await session.listen({ 'last-event-id': ids[0] ?? '' });
  const messages = await allMessagesOf(again);
  assert.deepEqual(
    messages.map((one) => one['method'] ?? one['id']),
    ['notifications/progress', 7],
  );
});

test('a crash in mid-call – the call is answered with an error, the session is over, others go on', async (context) => {
  const { open, gateway } = await start(context);
  const [one, other] = [await open(), await open()];
  const hanging = one.call('hang', 3);
  const response = await one.call('crash', 4);
  assert.equal(response.status, 502);
  const body = (await response.json()) as { id: number; error: { data: { code: string } } };
  assert.deepEqual([body.id, body.error.data.code], [4, 'upstream_failed']);
  assert.equal((await hanging).status, 502);
  assert.equal((await one.call('pid')).status, 404);
  assert.match(await other.text('pid'), /^\d+$/);
  const [line = ''] = gateway.logged.filter((text) => text.includes('A process of the MCP server ended'));
  assert.match(line, /exited with code 7.*out of luck/);
});

test('a crash behind the first event of an answer – the stream ends with an error for the call', async (context) => {
  const { open, alive } = await start(context);
  const session = await open();
  const response = await session.call('half', 9, { _meta: { progressToken: 1 } });
  const messages = messagesOf(response);
  assert.equal((await messages.next()).value?.['method'], 'notifications/progress');
  for (const pid of await alive()) process.kill(pid, 'SIGKILL');
  const { value: last } = await messages.next();
  assert.equal(last?.['id'], 9);
  assert.match(JSON.stringify(last?.['error']), /upstream_failed/);
});

test('lines on stdout that are no messages – left out, and logged, not all of them', async (context) => {
  const { open, gateway } = await start(context);
  const session = await open();
  assert.equal(await session.text('garbage'), 'after garbage');
  const lines = gateway.logged.filter((line) => line.includes('wrote to stdout what is no message'));
  assert.equal(lines.length, 20);
  assert.match(lines[0] ?? '', /loading 0/);
});

test('a line longer than any message – left out; the one call under way is answered with an error', async (context) => {
  const { open } = await start(context);
  const session = await open();
  assert.equal((await session.call('endless')).status, 502);
  assert.match(await session.text('pid', 2), /^\d+$/);
});

test('a message on several lines, with numbers that JavaScript does not have – reaches the server on one, as it was written', async (context) => {
  const { open, gateway } = await start(context);
  const session = await open();
  const written =
    '{"jsonrpc":"2.0","id":1, "method":"tools/call", "params":{"name":"raw","arguments":{"b":12345678901234567890.10}}}';
  const headers = { 'mcp-session-id': session.id, 'mcp-protocol-version': '2025-11-25' };
  const response = await post(gateway.mcpUrl, undefined, written.replaceAll(', ', ',\r\n'), headers);
  assert.equal(textOf(await response.json()).replaceAll(/ +/g, ' '), written);
});

test('a caller who takes nothing – the server has to wait, the gateway keeps little', async (context) => {
  const { open, noted, alive } = await start(context);
  const session = await open();
  const response = await session.call('flood', 1, { _meta: { progressToken: 1 } });
  assert.equal(response.status, 200);
  const reader = response.body?.getReader();
  await reader?.read();
  // 125 MB are on their way; a server that is not read can write some, then it stands still.
  const before = process.memoryUsage().arrayBuffers;
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await noted('flooded')).length, 0);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
  assert.equal((await alive()).length, 1);
  let last = '';
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
    last = Buffer.from(read.value).toString('utf8').slice(-200);
  assert.match(last, /flooded/);
});

test('no answer in time – 504, and the server hears that it is cancelled', async (context) => {
  const { open, noted } = await start(context, { answerTimeoutSeconds: 0.3 });
  const session = await open();
  assert.equal((await session.call('hang', 8)).status, 504);
  await until(async () => (await noted('cancelled')).some(({ detail }) => detail === '8'));
});

test('as many sessions as there may be – the next is refused with 503, and one that ends makes room', async (context) => {
  const { open, gateway } = await start(context, { settings: { maxSessions: 2 } });
  const [one, other] = [await open(), await open()];
  const leave = new AbortController();
  await Promise.all([one, other].map((session) => session.listen({}, leave.signal)));
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const refused = await post(gateway.mcpUrl, undefined, {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: initialize,
  });
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /"code":"upstream_full"/);
  assert.match((await gateway.records()).at(-1)?.hint ?? '', /2 sessions .*--max-sessions/);
  await one.end();
  await open();
  leave.abort();
});

test('a client of today, a server of before – is told so in words that make it begin with initialize', async (context) => {
  const { gateway } = await start(context);
  const response = await callModern(gateway.mcpUrl, 'pid');
  assert.equal(response.status, 400);
  const { error } = (await response.json()) as { error: { code: number } };
  assert.equal(error.code, -32_600);
});

test('calls of today – share one process; ids and progress tokens are their own again in the answers', async (context) => {
  const { gateway, noted } = await start(context, { mode: 'modern' });
  const ids = ['a', 'a', 1, 1, 'b'];
  const answers = await Promise.all(
    ids.map(async (id, index) => {
      const response = await callModern(gateway.mcpUrl, 'progress', { id, progressToken: `token-${index}` });
      return allMessagesOf(response);
    }),
  );
  for (const [index, messages] of answers.entries()) {
    assert.equal(messages.length, 3);
    assert.equal(messages.at(-1)?.['id'], ids[index]);
    for (const one of messages.slice(0, 2))
      assert.equal((one['params'] as { progressToken: unknown }).progressToken, `token-${index}`);
  }
  assert.equal((await noted('started')).length, 1);
});

test('a client of today that goes away – its request is cancelled, by the id the server knows', async (context) => {
  const { gateway, noted } = await start(context, { mode: 'modern' });
  const leave = new AbortController();
  const hanging = callModern(gateway.mcpUrl, 'hang', { id: 'mine', signal: leave.signal }).catch(() => undefined);
  await until(async () => (await noted('hangs')).length === 1);
  leave.abort();
  await hanging;
  await until(async () => (await noted('cancelled')).length === 1);
  assert.match((await noted('cancelled'))[0]?.detail ?? '', /^\d+$/);
});

test('who listens, today – hears of the own subscription by the own id', async (context) => {
  const { gateway } = await start(context, { mode: 'modern' });
  const leave = new AbortController();
  const response = await fetch(gateway.mcpUrl, {
    method: 'POST',
    headers: modernHeaders('subscriptions/listen'),
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'my-subscription',
      method: 'subscriptions/listen',
      params: { _meta: meta, notifications: { toolsListChanged: true } },
    }),
    signal: leave.signal,
  });
  const messages = messagesOf(response);
  for (const method of ['notifications/subscriptions/acknowledged', 'notifications/tools/list_changed']) {
    const { value } = await messages.next();
    assert.equal(value?.['method'], method);
    assert.match(JSON.stringify(value?.['params']), /"io.modelcontextprotocol\/subscriptionId":"my-subscription"/);
  }
  leave.abort();
});

test('a crash, today – all calls under way are answered with an error; the next one starts it again, after the wait', async (context) => {
  const { gateway, noted } = await start(context, { mode: 'modern', firstMs: 400 });
  const hanging = callModern(gateway.mcpUrl, 'hang', { id: 2 });
  await until(async () => (await noted('hangs')).length === 1);
  assert.equal((await callModern(gateway.mcpUrl, 'crash')).status, 502);
  assert.equal((await hanging).status, 502);
  const refused = await callModern(gateway.mcpUrl, 'pid');
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.match(await refused.text(), /"code":"workload_down"/);
  await until(async () => (await callModern(gateway.mcpUrl, 'pid')).status === 200);
  assert.equal((await noted('started')).length, 2);
});

test('a gateway that stops – nothing of its servers is left', async (context) => {
  const { open, gateway, alive } = await start(context);
  await Promise.all([open(), open(), open()]);
  assert.equal((await alive()).length, 3);
  await gateway.close();
  assert.equal((await alive()).length, 0);
});

test('a command that is not there – the gateway does not start, and says so', async () => {
  await assert.rejects(startOnly(['/nowhere/at-all']), {
    message: /Cannot run \/nowhere\/at-all: there is no such program/,
  });
});

test('a command that ends at once – the gateway does not start, and says how it ended', async () => {
  await assert.rejects(startOnly([process.execPath, '-e', 'process.exit(3)']), {
    message: /Cannot run .*: it exited with code 3/,
  });
});
