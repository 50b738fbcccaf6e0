import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendRaw } from '../kit/send-raw.ts';
import { post, toolCall } from '../kit/call.ts';
import { makeSigningKey } from '../kit/signing-key.ts';
import { startTokenLab, type LabOptions, type TokenLab } from '../kit/start-token-lab.ts';

const call = JSON.stringify(toolCall());

function request(lab: TokenLab, lines: readonly string[], body: string): string {
  const head = [
    'POST /mcp HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${lab.token()}`,
    'content-type: application/json',
    ...lines,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const whole = (lab: TokenLab) => request(lab, [`content-length: ${call.length}`], call);

/** What is on record, as "code or decision, status". */
async function recorded(lab: TokenLab): Promise<readonly string[]> {
  return (await lab.gateway.records()).map(({ code, decision, status }) => `${code ?? decision} ${status}`);
}

/** An upstream whose answers begin and end when the test says. */
function heldUpstream() {
  const arrived = Promise.withResolvers<void>();
  const respond: LabOptions['respond'] = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    arrived.resolve();
  };
  return { arrived: arrived.promise, respond };
}

test('garbage behind a call that is being answered – nothing is written into the answer, the connection is cut', async () => {
  await using lab = await startTokenLab({ respond: heldUpstream().respond });
  const socket = connect(lab.gateway.port, '127.0.0.1');
  socket.write(whole(lab));
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
    if (answer.endsWith('data: 1\n\n\r\n')) socket.write('GARBAGE\u0001\r\n\r\n');
  });
  socket.on('error', () => {});
  await once(socket, 'close');
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.ok(answer.endsWith('data: 1\n\n\r\n'), answer);
  assert.deepEqual((await recorded(lab)).toSorted(), ['cancelled 0', 'request_malformed 0']);
});

test('garbage behind a call that waits for its answer – no answer that could be taken for the call’s', async () => {
  const { promise: never } = Promise.withResolvers<void>();
  await using lab = await startTokenLab({ respond: () => never });
  assert.equal(await sendRaw(lab.gateway.port, `${whole(lab)}GARBAGE\u0001\r\n\r\n`), '');
  const records = await recorded(lab);
  assert.deepEqual(records.toSorted(), ['cancelled 0', 'request_malformed 0']);
});

test('a malformed chunk in the body – 400, nothing forwarded, one record that names the caller', async () => {
  await using lab = await startTokenLab();
  const body = `${call.length.toString(16)}\r\n${call}\r\n-1\r\n\r\n`;
  await post(lab.gateway.mcpUrl, lab.token());
  const answer = await sendRaw(lab.gateway.port, request(lab, ['transfer-encoding: chunked'], body));
  assert.match(answer, /^HTTP\/1\.1 400 [^]*"code":"request_malformed"/);
  assert.equal(lab.upstream.seen.length, 1);
  const [, record, ...more] = await lab.gateway.records();
  assert.deepEqual(more, []);
  assert.equal(record?.code, 'request_malformed');
  assert.equal(record.status, 400);
  assert.equal(record.who.sub, 'alice@example.com');
  assert.ok(answer.includes(record.id), 'the answer names its record');
});

test('a malformed chunk in one packet with the head, before the token is verified – 400, nothing forwarded', async () => {
  await using lab = await startTokenLab();
  const answer = await sendRaw(
    lab.gateway.port,
    request(lab, ['transfer-encoding: chunked'], '5\r\n{"jso\r\n-1\r\n\r\n'),
  );
  assert.match(answer, /^HTTP\/1\.1 400 [^]*"code":"request_malformed"/);
  assert.deepEqual(await recorded(lab), ['request_malformed 400']);
  assert.equal(lab.upstream.seen.length, 0);
});

test('a caller that hangs up – its address is on record', async () => {
  const held = heldUpstream();
  await using lab = await startTokenLab({ respond: held.respond });
  const socket = connect(lab.gateway.port, '127.0.0.1');
  socket.write(whole(lab));
  await held.arrived;
  socket.resetAndDestroy();
  const [record] = await lab.gateway.records();
  assert.equal(record?.decision, 'cancelled');
  assert.equal(record.from, '127.0.0.1');
});

/** Published keys that a token without kid has to be tried with: verifying it takes a while. */
const { jwk: otherKey } = makeSigningKey();
const manyKeys = Array.from({ length: 400 }, (_, index) => ({ ...otherKey, kid: `other-${index}` }));

for (const [name, code, end] of [
  ['a caller that hangs up while its token is verified', 'body_incomplete', 'hang up'],
  ['a malformed chunk while the token is verified', 'request_malformed', 'malformed chunk'],
  ['a caller that sent all and hangs up while its token is verified', 'cancelled', 'last chunk'],
] as const) {
  test(`${name} – on record, nothing forwarded`, async () => {
    await using lab = await startTokenLab({ beforeStart: ({ keys }) => keys.unshift(...manyKeys) });
    // With the keys at hand: what is waited for is the verification, not a fetch.
    while (!(await fetch(`${lab.gateway.url}/ready`)).ok) await sleep(10);
    const socket = connect(lab.gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    const callerToken = lab.token({ header: { kid: undefined } });
    const head = [
      'POST /mcp HTTP/1.1',
      'host: localhost',
      `authorization: Bearer ${callerToken}`,
      'content-type: application/json',
      'transfer-encoding: chunked',
    ].join('\r\n');
    socket.write(`${head}\r\n\r\n5\r\n{"jso\r\n`);
    await sleep(20);
    if (end === 'malformed chunk') socket.write('-1\r\n');
    if (end === 'last chunk') {
      socket.write('0\r\n\r\n');
      await sleep(20);
    }
    if (end !== 'malformed chunk') socket.resetAndDestroy();
    let records = await lab.gateway.records();
    for (let attempt = 0; attempt < 50 && records.length === 0; attempt += 1) records = await lab.gateway.records();
    assert.deepEqual(
      records.map((record) => record.code ?? record.decision),
      [code],
    );
    assert.equal(lab.upstream.seen.length, 0);
    socket.destroy();
  });
}

for (const [name, lines] of [
  ['two Host headers', ['host: evil.example']],
  ['no Host header', undefined],
] as const) {
  test(`${name} – 400, on record`, async () => {
    await using lab = await startTokenLab();
    const text = request(lab, [...(lines ?? []), 'connection: close', `content-length: ${call.length}`], call);
    const sent = lines === undefined ? text.replace('host: localhost\r\n', '') : text;
    assert.match(await sendRaw(lab.gateway.port, sent), /^HTTP\/1\.1 400 /);
    assert.deepEqual(await recorded(lab), ['request_malformed 400']);
    assert.equal(lab.upstream.seen.length, 0);
  });
}

test('an expectation nobody knows, without a token – 401 like any other request, on record', async () => {
  await using lab = await startTokenLab();
  const lines = ['expect: 200-ok', 'connection: close', `content-length: ${call.length}`];
  const sent = request(lab, lines, call).replace(/authorization: .*\r\n/, '');
  assert.match(await sendRaw(lab.gateway.port, sent), /^HTTP\/1\.1 401 /);
  assert.deepEqual(await recorded(lab), ['token_missing 401']);
});

test('two Content-Type headers – only the one that was checked goes upstream', async () => {
  await using lab = await startTokenLab();
  const lines = ['content-type: text/plain', 'connection: close', `content-length: ${call.length}`];
  assert.match(await sendRaw(lab.gateway.port, request(lab, lines, call)), /^HTTP\/1\.1 200 /);
  const { rawHeaders = [] } = lab.upstream.seen[0] ?? {};
  const types = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === 'content-type');
  assert.deepEqual(types, ['application/json']);
});

test('a batch of 101 messages – 400 and one record, not 101', async () => {
  await using lab = await startTokenLab();
  const response = await post(
    lab.gateway.mcpUrl,
    lab.token(),
    Array.from({ length: 101 }, () => toolCall()),
  );
  assert.equal(response.status, 400);
  assert.match(await response.text(), /the batch has 101 messages, expected at most 100/);
  assert.deepEqual(await recorded(lab), ['body_not_json_rpc 400']);
});

test('a batch of 100 messages – forwarded, a record for each', async () => {
  await using lab = await startTokenLab();
  const response = await post(
    lab.gateway.mcpUrl,
    lab.token(),
    Array.from({ length: 100 }, () => toolCall()),
  );
  assert.equal(response.status, 200);
  assert.equal((await recorded(lab)).length, 100);
});

test('a tool name and an id of a megabyte – the record stays a line to read', async () => {
  await using lab = await startTokenLab();
  const long = 'x'.repeat(1024 * 1024);
  assert.equal((await post(lab.gateway.mcpUrl, lab.token(), toolCall(long, long))).status, 200);
  const [record] = await lab.gateway.records();
  assert.equal(record?.what.tool, `${'x'.repeat(200)}…`);
  assert.equal(record.what.rpcId, `${'x'.repeat(200)}…`);
});
