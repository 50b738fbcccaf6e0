import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { startHttpServer, type Respond } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';

const event = 'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n';

/** A server whose streams go on until somebody ends them, and a gateway in front of it. */
async function startListening(more: { readonly streamGraceSeconds?: number } = {}) {
  const issuer = await startIssuer();
  const closed: Promise<unknown>[] = [];
  const respond: Respond = (request, response) => {
    const isCall = request.body.includes('tools/call');
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event);
    closed.push(once(response, 'close'));
    if (isCall) setTimeout(() => response.end(event), 3_500);
  };
  const upstream = await startHttpServer(respond);
  const server = exchangingServer(issuer, upstream, {
    authenticate: [{ strategy: 'jwt', issuer: issuer.issuer, audience: ['mcpserver'], clockSkewSeconds: 0 }],
    policy: { strategy: 'scopes' },
    streamGraceSeconds: 0,
    ...more,
  });
  const gateway = await startTestGateway({ apollo: server });
  const shortToken = () => issuer.sign({ exp: Math.ceil(Date.now() / 1000) + 2 });
  return {
    issuer,
    upstream,
    gateway,
    server,
    shortToken,
    /** Each stream of the server, resolved when it was closed. */
    closed,
    listen: (callerToken: string) =>
      fetch(gateway.mcpUrl, { headers: { accept: 'text/event-stream', authorization: `Bearer ${callerToken}` } }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}

const endsWithToken = /; it ended with the caller's token$/;

test("a stream that listens – the caller's token ends – it ends properly on both sides, and the audit says why", async () => {
  await using all = await startListening();
  const response = await all.listen(await all.shortToken());
  assert.equal(await response.text(), event);
  await Promise.all(all.closed);
  const [record] = await all.gateway.records();
  assert.equal(record?.decision, 'allowed');
  assert.match(record?.reason ?? '', endsWithToken);
  assert.equal(record?.status, 200);
});

test("subscriptions/listen – the caller's token ends – it ends as well", async () => {
  await using all = await startListening();
  const version = '2026-07-28';
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'subscriptions/listen',
    params: { notifications: {}, _meta: { 'io.modelcontextprotocol/protocolVersion': version } },
  };
  const headers = { 'mcp-protocol-version': version, 'mcp-method': 'subscriptions/listen' };
  const response = await post(all.gateway.mcpUrl, await all.shortToken(), message, headers);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), event);
  const [record] = await all.gateway.records();
  assert.match(record?.reason ?? '', endsWithToken);
});

test("the answer of a call – the caller's token ends meanwhile – whole: it was asked for in time", async () => {
  await using all = await startListening();
  const response = await post(all.gateway.mcpUrl, await all.shortToken(), toolCall());
  assert.equal(await response.text(), event + event);
});

test('a stream that listens – with a grace – goes on after the token ended', async () => {
  await using all = await startListening({ streamGraceSeconds: 60 });
  const abort = new AbortController();
  const callerToken = await all.shortToken();
  const response = await fetch(all.gateway.mcpUrl, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${callerToken}` },
    signal: abort.signal,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  const next = reader?.read().then(
    () => 'ended',
    () => 'aborted',
  );
  const later = new Promise((resolve) => setTimeout(resolve, 3_500, 'open'));
  assert.equal(await Promise.race([next, later]), 'open');
  abort.abort();
  assert.equal(await next, 'aborted');
});

test('a stream that listens – its server is configured anew – it ends, so that the new rules count; others go on', async () => {
  await using all = await startListening();
  const other = { ...all.server, path: '/other' };
  assert.equal(await all.gateway.reload(() => all.gateway.configure({ apollo: all.server, other })), true);
  const callerToken = await all.issuer.sign();
  const listens = await all.listen(callerToken);
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${callerToken}` };
  const goesOn = await fetch(`${all.gateway.url}/other`, { headers });
  const stricter = { ...all.server, policy: { strategy: 'scopes' as const, required: ['admin'] } };
  assert.equal(await all.gateway.reload(() => all.gateway.configure({ apollo: stricter, other })), true);
  assert.equal(await listens.text(), event);
  assert.equal((await all.listen(callerToken)).status, 403);
  const records = await all.gateway.records();
  assert.deepEqual(
    records.map(({ reason }) => reason).filter((reason) => reason.includes('configured anew')),
    ['no scopes required; its server was configured anew'],
  );
  // The other one is still there to be ended by the stop.
  const stopped = all.gateway.close();
  assert.equal(await goesOn.text(), event);
  await stopped;
});

test('a stop – a stream that listens – ends properly', async () => {
  await using upstream = await startHttpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event);
  });
  await using gateway = await startTestGateway({
    open: { authenticate: [{ strategy: 'anonymous' }], upstream: { strategy: 'http', url: `${upstream.url}/mcp` } },
  });
  const response = await fetch(gateway.mcpUrl, { headers: { accept: 'text/event-stream' } });
  const closed = gateway.close();
  assert.equal(await response.text(), event);
  await closed;
});
