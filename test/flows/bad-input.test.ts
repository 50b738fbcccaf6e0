import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';

function startAll() {
  return startTokenLab({ server: (usual) => ({ ...usual, bodyLimitBytes: 1024 * 1024 }) });
}

async function codeOf(response: Response): Promise<string | undefined> {
  const body: { error?: { data?: { code?: string } } } = JSON.parse(await response.text());
  return body.error?.data?.code;
}

const bodies = [
  ['no JSON', 'hello', 400, 'body_not_json', -32_700],
  ['cut JSON', '{"jsonrpc":"2.0","id":1', 400, 'body_not_json', -32_700],
  ['empty', '', 400, 'body_not_json', -32_700],
  ['a number', '7', 400, 'body_not_json_rpc', -32_600],
  ['no jsonrpc member', '{"id":1,"method":"ping"}', 400, 'body_not_json_rpc', -32_600],
  ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}', 400, 'body_not_json_rpc', -32_600],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, 'body_not_json_rpc', -32_600],
  ['an empty batch', '[]', 400, 'body_not_json_rpc', -32_600],
  ['a batch with a stranger in it', '[{"jsonrpc":"2.0","id":1,"method":"ping"},7]', 400, 'body_not_json_rpc', -32_600],
] as const;

for (const [name, body, status, code, rpcCode] of bodies) {
  test(`a body that is ${name} – ${status} ${code}, nothing forwarded or exchanged`, async () => {
    await using all = await startAll();
    const response = await post(all.gateway.mcpUrl, await all.issuer.sign(), body);
    assert.equal(response.status, status);
    const answer: { error: { code: number; data: { code: string; id: string } } } = JSON.parse(await response.text());
    assert.equal(answer.error.code, rpcCode);
    assert.equal(answer.error.data.code, code);
    assert.equal(all.upstream.seen.length + all.issuer.count('/oauth2/as1/v1/token'), 0);
    const [record] = await all.gateway.records();
    assert.equal(record?.code, code);
    assert.equal(record?.id, answer.error.data.id);
  });
}

test('bytes that are not UTF-8 – 400, nothing forwarded', async () => {
  await using all = await startAll();
  const response = await fetch(all.gateway.mcpUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${await all.issuer.sign()}`, 'content-type': 'application/json' },
    body: Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}}'),
    ]),
  });
  assert.equal(await codeOf(response), 'body_not_json');
  assert.equal(all.upstream.seen.length, 0);
});

test('a body over the limit – 413 before it was read', async () => {
  await using all = await startAll();
  const response = await post(all.gateway.mcpUrl, await all.issuer.sign(), {
    ...toolCall(),
    padding: 'x'.repeat(2 * 1024 * 1024),
  });
  assert.equal(response.status, 413);
  assert.equal(await codeOf(response), 'body_too_large');
});

test('a body over the limit that did not say how long it is – 413 as soon as it is over', async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign();
  const answer = await raw(all.gateway.port, [
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${callerToken}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    `${(1_200_000).toString(16)}\r\n${'x'.repeat(1_200_000)}\r\n`,
  ]);
  assert.match(answer, /^HTTP\/1\.1 413 /);
});

test('no token and a long body that never comes – 401 at once', async () => {
  await using all = await startAll();
  const answer = await raw(all.gateway.port, [
    'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{',
  ]);
  assert.match(answer, /^HTTP\/1\.1 401 /);
});

for (const type of ['text/plain', 'application/x-www-form-urlencoded', '', 'application/jsonx']) {
  test(`content type ${JSON.stringify(type)} – 415`, async () => {
    await using all = await startAll();
    const response = await post(all.gateway.mcpUrl, await all.issuer.sign(), undefined, { 'content-type': type });
    assert.equal(response.status, 415);
  });
}

test('a compressed body – 415, it could not be judged', async () => {
  await using all = await startAll();
  const response = await post(all.gateway.mcpUrl, await all.issuer.sign(), undefined, { 'content-encoding': 'gzip' });
  assert.equal(response.status, 415);
});

for (const method of ['PUT', 'PATCH', 'HEAD']) {
  test(`method ${method} – 405 with what is allowed`, async () => {
    await using all = await startAll();
    const response = await fetch(all.gateway.mcpUrl, { method });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST, GET, DELETE');
  });
}

test('a token of 1 MB – 431 in JSON, on record, and the next call works', async () => {
  await using all = await startAll();
  const answer = await raw(all.gateway.port, [
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${'x'.repeat(1024 * 1024)}\r\n\r\n`,
  ]);
  assert.match(answer, /^HTTP\/1\.1 431 /);
  assert.match(answer, /"code":"headers_too_large"/);
  const [record] = await all.gateway.records();
  assert.equal(record?.code, 'headers_too_large');
  assert.equal((await post(all.gateway.mcpUrl, await all.issuer.sign())).status, 200);
});

test('something that is not HTTP – 400, on record', async () => {
  await using all = await startAll();
  assert.match(await raw(all.gateway.port, ['\u0016\u0003\u0001 hello\r\n\r\n']), /^HTTP\/1\.1 400 /);
  const [record] = await all.gateway.records();
  assert.equal(record?.code, 'request_malformed');
});

test('an upstream that is down – 502, told to the operator, and it works once it is up', async () => {
  await using issuer = await startIssuer();
  const gone = await startHttpServer((_, response) => sendJson(response, 200, {}));
  await gone[Symbol.asyncDispose]();
  await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, gone) });
  const callerToken = await issuer.sign();
  const response = await post(gateway.mcpUrl, callerToken);
  assert.equal(response.status, 502);
  const text = await response.text();
  assert.match(text, /upstream_unreachable/);
  assert.ok(!text.includes(String(gone.port)), 'the caller is not told where the upstream is');
  assert.ok(gateway.logged.some((line) => line.includes(`${gone.url}/mcp`) && line.includes('connection refused')));
  await using back = await startHttpServer((_, answer) => sendJson(answer, 200, { back: true }), gone.port);
  assert.deepEqual(await (await post(gateway.mcpUrl, callerToken)).json(), { back: true });
  assert.equal(back.seen.length, 1);
});

test('an upstream that hangs up before it answers – 502 upstream_failed', async () => {
  await using issuer = await startIssuer();
  await using upstream = await startHttpServer((_, response) => void response.destroy());
  await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, upstream) });
  const response = await post(gateway.mcpUrl, await issuer.sign());
  assert.equal(response.status, 502);
  assert.equal(await codeOf(response), 'upstream_failed');
});

for (const [name, answer] of [
  ['a control character in a header', 'HTTP/1.1 200 OK\r\nx-name: a\u0001b\r\ncontent-length: 2\r\n\r\n{}'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
  ['something else than HTTP', 'hello'],
] as const) {
  test(`an upstream that answers with ${name} – 502 upstream_failed: it is there, and broken`, async () => {
    await using issuer = await startIssuer();
    await using upstream = await startHttpServer((_, response) => void response.socket?.end(answer));
    await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, upstream) });
    const response = await post(gateway.mcpUrl, await issuer.sign());
    assert.equal(response.status, 502);
    assert.equal(await codeOf(response), 'upstream_failed');
  });
}

test('a dead issuer – 503 with Retry-After, and the next call works once it is back', async () => {
  await using issuer = await startIssuer();
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  let isDown = true;
  issuer.onOther = (_, response) => {
    if (isDown) response.destroy();
    return isDown;
  };
  await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, upstream) });
  const callerToken = await issuer.sign();
  const refused = await post(gateway.mcpUrl, callerToken);
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.equal(refused.headers.get('www-authenticate'), null);
  isDown = false;
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal((await post(gateway.mcpUrl, callerToken)).status, 200);
});

/** Sends bytes as they are and reads whatever comes back until the other side is done or silent. */
function raw(port: number, parts: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
    });
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, done);
    socket.on('data', (data) => {
      answer += data.toString();
      if (answer.includes('\r\n\r\n') && answer.endsWith('}')) done();
    });
    socket.on('error', done);
    socket.on('close', done);
  });
}
