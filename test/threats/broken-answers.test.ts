import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { startOpenGateway } from '../kit/start-open-gateway.ts';
import { startRawServer, type RawRequest } from '../kit/start-raw-server.ts';

const json = 'content-type: application/json';
const chunked = 'transfer-encoding: chunked';

function answer(lines: readonly string[], body = '', status = '200 OK'): string {
  return `HTTP/1.1 ${[status, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

const whole = answer([json, 'content-length: 2'], '{}');

/** A server that does this with every request, behind a gateway. */
async function start(respond: (socket: Socket, request: RawRequest) => void) {
  const all = await startOpenGateway(await startRawServer(respond));
  return {
    ...all,
    call: () => post(all.gateway.mcpUrl, undefined),
    /** Code, or the decision, of the only record there is. */
    async recorded() {
      const [record, ...more] = await all.gateway.records();
      assert.deepEqual(more, []);
      return record?.code ?? record?.decision;
    },
  };
}

type Break = (socket: Socket) => void;
const close: Break = (socket) => void socket.end();
const reset: Break = (socket) => void socket.resetAndDestroy();

const unanswered: readonly (readonly [string, string, Break])[] = [
  ['closes before the answer', '', close],
  ['resets before the answer', '', reset],
  ['closes in the head', 'HTTP/1.1 200 OK\r\ncontent-ty', close],
  ['resets in the head', 'HTTP/1.1 200 OK\r\ncontent-ty', reset],
  ['sends 640 KB of headers', answer([`x-a: ${'a'.repeat(640 * 1024)}`, 'content-length: 2'], '{}'), () => {}],
  ['sends 100 000 headers', answer(['content-length: 2', ...Array.from({ length: 100_000 }, () => 'a: b')]), () => {}],
  ['sends two lengths', answer([json, 'content-length: 2', 'content-length: 3'], '{}x'), () => {}],
  ['sends a length twice', answer([json, 'content-length: 2', 'content-length: 2'], '{}'), () => {}],
  ['sends a list of lengths', answer([json, 'content-length: 2, 2'], '{}'), () => {}],
  ['sends a negative length', answer([json, 'content-length: -2'], '{}'), () => {}],
  ['sends a length and chunks', answer([json, 'content-length: 2', chunked], '2\r\n{}\r\n0\r\n\r\n'), () => {}],
  ['sends chunks and a length', answer([json, chunked, 'content-length: 2'], '2\r\n{}\r\n0\r\n\r\n'), () => {}],
  ['compresses the transfer', answer([json, 'transfer-encoding: gzip'], '{}'), close],
  ['names chunks wrongly', answer([json, 'transfer-encoding: xchunked'], '2\r\n{}\r\n0\r\n\r\n'), close],
  ['sends chunks not last', answer([json, 'transfer-encoding: chunked, gzip'], '2\r\n{}\r\n0\r\n\r\n'), close],
  ['switches protocols', answer(['connection: upgrade', 'upgrade: websocket'], 'RAW', '101 Switching'), () => {}],
  ['switches protocols to none', answer([], 'RAW', '101 Switching'), () => {}],
  ['answers with status 099', answer(['content-length: 2'], '{}', '099 X'), () => {}],
  ['ends lines with LF alone', 'HTTP/1.1 200 OK\ncontent-length: 2\n\n{}', () => {}],
  ['folds a header', answer(['x-a: b\r\n c', 'content-length: 2'], '{}'), () => {}],
  ['speaks something else', 'hello\r\n', () => {}],
];

for (const [what, bytes, after] of unanswered) {
  test(`a server that ${what} – 502 upstream_failed, sent to it once`, async () => {
    await using all = await start((socket) => {
      if (bytes === '') return after(socket);
      socket.write(bytes, 'latin1', () => after(socket));
    });
    const response = await all.call();
    assert.equal(response.status, 502);
    assert.match(await response.text(), /"code":"upstream_failed"/);
    assert.equal(all.upstream.seen.length, 1);
    assert.equal(await all.recorded(), 'upstream_failed');
  });
}

const begun: readonly (readonly [string, string])[] = [
  ['JSON of a known length', answer([json, 'content-length: 100'], '{"jsonrpc":"2.0"')],
  ['JSON in chunks, between two', answer([json, chunked], '2\r\n{"\r\n')],
  ['JSON in chunks, inside one', answer([json, chunked], '50\r\n{"')],
  ['JSON in chunks, inside the last', answer([json, chunked], '2\r\n{}\r\n0\r\n')],
  ['JSON in chunks, on its last connection', answer([json, chunked, 'connection: close'], '2\r\n{}\r\n')],
  ['an event stream', answer(['content-type: text/event-stream', chunked], '9\r\ndata: 1\n\n\r\n')],
  ['an event stream without an event', answer(['content-type: text/event-stream', chunked])],
];
const unlimited: readonly [string, string] = ['JSON without a length', answer([json], '{"jsonrpc":"2.0"')];

const cuts: readonly (readonly [string, Break, readonly (readonly [string, string])[]])[] = [
  ['closes', close, begun],
  ['resets', reset, [...begun, unlimited]],
];
for (const [verb, breakOff, cases] of cuts) {
  for (const [what, bytes] of cases) {
    test(`a server that ${verb} in the middle of ${what} – the answer does not look complete`, async () => {
      let upstream: Socket | undefined;
      await using all = await start((socket) => {
        upstream = socket;
        socket.write(bytes);
      });
      // Its head has arrived, and what of the body there is.
      const response = await all.call();
      assert.equal(response.status, 200);
      assert.ok(upstream !== undefined);
      breakOff(upstream);
      await assert.rejects(response.text());
      assert.equal(await all.recorded(), 'upstream_failed');
    });
  }
}

test('a server that answers without a length and closes – passes, as HTTP means it', async () => {
  await using all = await start((socket) => void socket.end(answer([json], '{}')));
  assert.equal(await (await all.call()).text(), '{}');
});

test('a server that sends a malformed chunk – the answer does not look complete', async () => {
  await using all = await start((socket) => void socket.write(answer([json, chunked], '2\r\n{}\r\nZZ\r\n')));
  const response = await all.call();
  await assert.rejects(response.text());
});

test('an interim answer before the answer – left out', async () => {
  await using all = await start((socket) => {
    socket.write(answer([], '', '102 Processing'));
    socket.write(`${answer(['link: </x>'], '', '103 Early Hints')}${whole}`);
  });
  const response = await all.call();
  assert.deepEqual([response.status, response.headers.get('link'), await response.text()], [200, null, '{}']);
});

test('trailers – dropped', async () => {
  const body = '2\r\n{}\r\n0\r\nauthorization: Bearer x\r\nset-cookie: a=b\r\n\r\n';
  await using all = await start((socket) => void socket.write(answer([json, chunked, 'trailer: set-cookie'], body)));
  const { call, gateway } = all;
  assert.equal((await call()).headers.get('trailer'), null);
  const { sendRaw, rawPost } = await import('../kit/send-raw.ts');
  const raw = await sendRaw(gateway.port, rawPost(['connection: close'], '{"jsonrpc":"2.0","id":1,"method":"ping"}'));
  assert.ok(raw.endsWith('\r\n2\r\n{}\r\n0\r\n\r\n'), raw);
});

const poison = answer(['content-length: 6'], 'poison');
const withMore: readonly (readonly [string, string])[] = [
  ['an answer', whole + poison],
  ['a 202', answer(['content-length: 0'], '', '202 Accepted') + poison],
  ['a 204', answer([`content-length: ${poison.length}`], poison, '204 No Content')],
  ['a 204 in chunks', answer([chunked], poison, '204 No Content')],
  ['a 304', answer([`content-length: ${poison.length}`], poison, '304 Not Modified')],
];
for (const [what, bytes] of withMore) {
  test(`a second answer right behind ${what} – never reaches the next caller`, async () => {
    await using all = await start((socket) => void socket.write(bytes));
    for (let calls = 0; calls < 20; calls += 1) assert.ok(!(await (await all.call()).text()).includes('poison'));
    // Not even one that asks at the same time.
    const texts = await Promise.all(Array.from({ length: 20 }, async () => (await all.call()).text()));
    assert.ok(!texts.join('').includes('poison'));
    assert.equal(all.upstream.seen.length, 40);
  });
}

test('a second answer while the connection is idle – the connection is closed, the next caller gets its own', async () => {
  const closed = Promise.withResolvers<void>();
  await using all = await start((socket, { number }) => {
    socket.setNoDelay(true);
    socket.write(whole);
    if (number > 1) return;
    socket.once('close', () => closed.resolve());
    setTimeout(() => socket.write(poison), 50);
  });
  assert.equal(await (await all.call()).text(), '{}');
  await closed.promise;
  assert.equal(await (await all.call()).text(), '{}');
});

test('204 with a length – the length is left out', async () => {
  await using all = await start((socket) => void socket.write(answer(['content-length: 6'], '', '204 No Content')));
  const response = await all.call();
  assert.deepEqual([response.status, response.headers.get('content-length')], [204, null]);
});

for (const [verb, breakOff] of [
  ['closes', close],
  ['resets', reset],
] as const) {
  test(`a server that ${verb} a used connection as a call is sent – 502, never sent again`, async () => {
    await using all = await start((socket, { number }) => (number === 1 ? void socket.write(whole) : breakOff(socket)));
    assert.equal((await all.call()).status, 200);
    assert.equal((await all.call()).status, 502);
    assert.equal(all.upstream.seen.length, 2);
    assert.equal((await all.call()).status, 200);
  });
}

test('a server that is not there – calls are refused at once, however many', async () => {
  const port = await freePort();
  await using all = await startOpenGateway({ url: `http://127.0.0.1:${port}`, async [Symbol.asyncDispose]() {} });
  const startedAtMs = performance.now();
  const responses = await Promise.all(Array.from({ length: 100 }, () => post(all.gateway.mcpUrl, undefined)));
  assert.ok(performance.now() - startedAtMs < 5_000);
  for (const response of responses) {
    assert.equal(response.status, 502);
    assert.match(await response.text(), /"code":"upstream_unreachable"/);
  }
});

test('a server that never answers – 504 after the time limit, its connection is closed', async () => {
  const closed = Promise.withResolvers<void>();
  const upstream = await startRawServer((socket) => socket.once('close', () => closed.resolve()));
  await using all = await startOpenGateway(upstream, { answerTimeoutSeconds: 0.2 });
  const response = await post(all.gateway.mcpUrl, undefined);
  assert.equal(response.status, 504);
  assert.match(await response.text(), /"code":"upstream_timeout"/);
  await closed.promise;
  const [record] = await all.gateway.records();
  assert.match(record?.hint ?? '', /no answer in time .*--answer-timeout/);
});

test('an event stream that is silent for longer than the time limit – stays open', async () => {
  let stream: Socket | undefined;
  const upstream = await startRawServer((socket) => {
    stream = socket;
    socket.write(answer(['content-type: text/event-stream', chunked]));
  });
  await using all = await startOpenGateway(upstream, { answerTimeoutSeconds: 0.2 });
  const response = await post(all.gateway.mcpUrl, undefined);
  await sleep(2_000);
  stream?.end('9\r\ndata: 1\n\n\r\n0\r\n\r\n');
  assert.equal(await response.text(), 'data: 1\n\n');
});

test('a server that half-closes behind a whole answer – passes, the next call gets a new connection', async () => {
  await using all = await start((socket) => void socket.end(whole));
  for (const _ of [1, 2, 3]) {
    assert.equal(await (await all.call()).text(), '{}');
    await sleep(50);
  }
  assert.deepEqual(
    all.upstream.seen.map(({ number }) => number),
    [1, 1, 1],
  );
});
