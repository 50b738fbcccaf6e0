import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { collectGarbage } from '../kit/collect-garbage.ts';
import { callModern, meta, modernHeaders, openSession } from '../kit/stdio-client.ts';
import { startScriptedStdio } from '../kit/start-scripted-stdio.ts';
import { messagesOf } from '../kit/stdio-server.ts';

const megabyte = 1024 * 1024;

/** Bytes that something here leads to. */
async function heldBytes(): Promise<number> {
  await collectGarbage();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

const deep = `'['.repeat(200_000) + ']'.repeat(200_000)`;
const depths = [
  ['an answer in a list of answers', `raw('[{"jsonrpc":"2.0","id":' + message.id + ',"result":' + ${deep} + '}]\\n')`],
  [
    'a token of progress',
    `raw('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":' + ${deep} + '}}\\n'); done(message)`,
  ],
  ['the id of an answer', `raw('{"jsonrpc":"2.0","id":' + ${deep} + ',"result":{}}\\n'); done(message)`],
] as const;
for (const [what, script] of depths) {
  for (const mode of ['legacy', 'modern'] as const) {
    test(`${what} that is deeper than the stack, ${mode} – the call has an answer, and the gateway goes on`, async (context) => {
      const gateway = await startScriptedStdio(context, `if (name === 'deep') { ${script} } else done(message)`, {
        mode,
      });
      const call =
        mode === 'legacy'
          ? (await openSession(gateway.mcpUrl)).call
          : (name: string, id: number) => callModern(gateway.mcpUrl, name, { id });
      assert.equal((await call('deep', 1)).status, 200);
      assert.equal((await call('usual', 2)).status, 200);
    });
  }
}

test('a server that tells much while nobody listens – the gateway keeps the last of it, not all', async (context) => {
  const gateway = await startScriptedStdio(
    context,
    `const uri = 'x'.repeat(${2 * megabyte});
     for (let count = 0; count < 30; count += 1) say({ method: 'notifications/resources/updated', params: { uri, count } });
     done(message);`,
  );
  const session = await openSession(gateway.mcpUrl);
  const before = await heldBytes();
  assert.equal((await session.call('tell')).status, 200);
  const held = (await heldBytes()) - before;
  assert.ok(held < 30 * megabyte, `${held} bytes`);
  const leave = new AbortController();
  const messages = messagesOf(await session.listen({}, leave.signal));
  const { value } = await messages.next();
  assert.match(JSON.stringify(value), /"count":29\b/);
  leave.abort();
});

test('a server that asks while nobody listens, and reads no answer – the gateway keeps nothing for it', async (context) => {
  const gateway = await startScriptedStdio(
    context,
    `lines.pause();
     setInterval(() => {}, 1_000);
     const more = (count) => {
       let text = '';
       for (let one = 0; one < 1_000; one += 1) text += JSON.stringify({ jsonrpc: '2.0', id: 'q' + 'x'.repeat(500) + one, method: 'ping' }) + '\\n';
       process.stdout.write(text, () => count > 0 ? more(count - 1) : done(message));
     };
     done(message);
     setTimeout(() => more(200), 50);`,
  );
  const session = await openSession(gateway.mcpUrl);
  const before = await heldBytes();
  assert.equal((await session.call('ask')).status, 200);
  await sleep(3_000);
  const held = (await heldBytes()) - before;
  assert.ok(held < 60 * megabyte, `${held} bytes`);
});

test('a client of today that tells a server that does not read – refused with 503, and little is kept', async (context) => {
  const script = `if (name === 'stop') { lines.pause(); setInterval(() => {}, 1_000); } else if (message.id !== undefined) done(message);`;
  const gateway = await startScriptedStdio(context, script, { mode: 'modern' });
  const leave = new AbortController();
  const stopping = callModern(gateway.mcpUrl, 'stop', { signal: leave.signal }).catch(() => undefined);
  await sleep(300);
  const tell = () =>
    fetch(gateway.mcpUrl, {
      method: 'POST',
      headers: modernHeaders('notifications/x'),
      body: JSON.stringify({
        jsonrpc: '2.0',
        method: 'notifications/x',
        params: { _meta: meta, text: 'x'.repeat(900_000) },
      }),
    });
  const statuses: number[] = [];
  for (let count = 0; count < 10; count += 1) statuses.push((await tell()).status);
  assert.deepEqual([statuses[0], statuses.at(-1)], [202, 503]);
  leave.abort();
  await stopping;
});

test('a client that takes nothing and goes away when all was said – the session goes on', async (context) => {
  const gateway = await startScriptedStdio(
    context,
    `if (name !== 'flood') return done(message);
     const line = (progress) => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress, message: 'x'.repeat(${5 * megabyte}) } }) + '\\n';
     raw(line(1) + line(2) + JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } }) + '\\n');`,
    { answerTimeoutSeconds: 10 },
  );
  const session = await openSession(gateway.mcpUrl);
  const { host, port, pathname } = new URL(gateway.mcpUrl);
  const params = { name: 'flood', arguments: {}, _meta: { progressToken: 1 } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params });
  const socket = connect(Number(port), '127.0.0.1');
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    `mcp-session-id: ${session.id}`,
    'mcp-protocol-version: 2025-11-25',
    `content-length: ${body.length}`,
  ];
  socket.pause().write(`${head.join('\r\n')}\r\n\r\n${body}`);
  await sleep(1_000);
  socket.destroy();
  await sleep(100);
  assert.equal((await session.call('usual', 9)).status, 200);
});

test('a session whose call is under way and whose client is gone – ended when nobody has used it for that long', async (context) => {
  const gateway = await startScriptedStdio(
    context,
    `say({ method: 'notifications/progress', params: { progressToken: 1, progress: 1 } });`,
    { settings: { sessionIdleSeconds: 0.3 } },
  );
  const session = await openSession(gateway.mcpUrl);
  const response = await session.call('never', 1, { _meta: { progressToken: 1 } });
  await response.body?.cancel();
  await sleep(1_500);
  assert.equal((await session.call('never', 2)).status, 404);
});

test('a user whose sessions all have a call without a client – makes room for the next all the same', async (context) => {
  const gateway = await startScriptedStdio(
    context,
    `say({ method: 'notifications/progress', params: { progressToken: 1, progress: 1 } });`,
    { settings: { maxSessions: 2, maxSessionsPerUser: 2 } },
  );
  for (const session of [await openSession(gateway.mcpUrl), await openSession(gateway.mcpUrl)]) {
    const response = await session.call('never', 1, { _meta: { progressToken: 1 } });
    await response.body?.cancel();
  }
  await sleep(200);
  await openSession(gateway.mcpUrl);
});

for (const [what, close] of [
  ['standard input', 'exec 0<&-'],
  ['standard output', 'exec 1>&-'],
] as const) {
  test(`a server that closes its ${what} and goes on – its calls are answered at once`, async (context) => {
    const gateway = await startScriptedStdio(context, '', { settings: { command: ['/bin/sh', '-c', shell(close)] } });
    const session = await openSession(gateway.mcpUrl);
    const startedAtMs = performance.now();
    // A closed input is noticed by whoever writes there.
    const [first, second] = [session.call('close', 1), sleep(300).then(() => session.call('close', 2))];
    assert.equal((await first).status, 502);
    assert.ok([502, 404].includes((await second).status));
    assert.ok(performance.now() - startedAtMs < 20_000);
    assert.ok(gateway.logged.some((line) => line.includes(`it closed its ${what}`)));
  });
}

/** Knows the handshake, and closes something at the first call. */
function shell(close: string): string {
  const answers = [
    `*server/discover*) echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}';;`,
    `*'"initialize"'*) echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}';;`,
    `*tools/call*) ${close}; exec sleep 30;;`,
  ];
  return `while read -r line; do case "$line" in ${answers.join(' ')} esac; done`;
}

test('a client of today that begins a session of before at a server that all share – never reaches it', async (context) => {
  const script = `if (message.method === 'initialize' || message.method === 'notifications/initialized') process.exit(1); done(message);`;
  const gateway = await startScriptedStdio(context, script, { mode: 'modern' });
  const send = (method: string, more: object) =>
    fetch(gateway.mcpUrl, {
      method: 'POST',
      headers: modernHeaders(method),
      body: JSON.stringify({ jsonrpc: '2.0', method, params: { _meta: meta }, ...more }),
    });
  assert.equal((await send('initialize', { id: 1 })).status, 404);
  assert.equal((await send('notifications/initialized', {})).status, 202);
  assert.equal((await callModern(gateway.mcpUrl, 'usual')).status, 200);
});

test('a server of today that asks by itself – hears that nobody is asked', async (context) => {
  const script = `if (message.method === 'tools/call') { waits = message; say({ id: 'mine', method: 'elicitation/create', params: {} }); }
    else if (message.error !== undefined && message.id === 'mine') done(waits);`;
  const gateway = await startScriptedStdio(context, `globalThis.waits ??= undefined;\n${script}`, {
    mode: 'modern',
    answerTimeoutSeconds: 5,
  });
  assert.equal((await callModern(gateway.mcpUrl, 'ask')).status, 200);
});
