import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';
import { sendJson, startHttpServer, type Respond } from '../kit/start-http-server.ts';

function startAll(respond?: Respond) {
  return startTokenLab(respond === undefined ? {} : { respond });
}

test("the caller's token – in no header, URL or body that reaches the upstream", async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign();
  await post(all.gateway.mcpUrl, callerToken);
  assert.ok(!JSON.stringify(all.upstream.seen).includes(callerToken.slice(-40)));
  assert.equal(all.upstream.seen.length, 1);
});

const identityLike = [
  'cookie',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-user',
  'x_forwarded_user',
  'x-real-ip',
  'forwarded',
  'x-user',
  'x-auth-request-email',
  'x-forwarded-access-token',
  'x-api-key',
  'dpop',
  'proxy-authorization',
  'x-original-url',
  'remote-user',
  'x-amzn-oidc-data',
  'mcp_session_id',
  'accept-encoding',
  'te',
];

test('headers that could say who is calling – stay out, in either spelling', async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign();
  await post(
    all.gateway.mcpUrl,
    callerToken,
    undefined,
    Object.fromEntries(identityLike.map((name) => [name, 'mallory'])),
  );
  const [seen] = all.upstream.seen;
  assert.deepEqual(Object.keys(seen?.headers ?? {}).sort(), [
    'accept',
    'accept-language',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
  ]);
  assert.ok(!JSON.stringify(seen).includes('mallory'));
});

test('MCP and trace headers – reach the upstream, unknown Mcp-Param headers included', async () => {
  await using all = await startAll();
  const sent = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'GetCountry',
    'mcp-param-region': '=?base64?RVU=?=',
    'last-event-id': '7',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'a=b',
    baggage: 'c=d',
  };
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'GetCountry', arguments: {}, _meta } };
  await post(all.gateway.mcpUrl, await all.issuer.sign(), call, sent);
  for (const [name, value] of Object.entries(sent)) assert.equal(all.upstream.seen[0]?.headers[name], value);
});

test('Connection names the Authorization header – the exchanged token is sent all the same', async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign();
  const status = await new Promise((resolve, reject) => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const call = request(all.gateway.mcpUrl, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${callerToken}`,
        connection: 'close, authorization',
        'content-type': 'application/json',
        'content-length': body.length,
      },
    });
    call.on('response', (response) => resolve(response.resume().statusCode));
    call.on('error', reject);
    call.end(body);
  });
  assert.equal(status, 200);
  assert.match(all.upstream.seen[0]?.headers.authorization ?? '', /^Bearer ey/);
});

test("the upstream's challenge, cookies and cross-origin grants – do not reach the caller", async () => {
  await using all = await startAll((_, response) =>
    sendJson(
      response,
      403,
      {},
      {
        'www-authenticate': 'Bearer resource_metadata="http://inner.example/"',
        'set-cookie': 'a=b',
        'access-control-allow-origin': '*',
        authorization: 'Bearer x',
        'x-kept': 'yes',
        connection: 'x-hop',
        'x-hop': '1',
      },
    ),
  );
  const response = await post(all.gateway.mcpUrl, await all.issuer.sign());
  assert.equal(response.status, 403);
  for (const name of ['www-authenticate', 'set-cookie', 'access-control-allow-origin', 'authorization', 'x-hop'])
    assert.equal(response.headers.get(name), null, name);
  assert.equal(response.headers.get('x-kept'), 'yes');
});

test('a redirect of the upstream – not followed, 502, its target not told', async () => {
  await using elsewhere = await startHttpServer((_, response) => sendJson(response, 200, {}));
  await using all = await startAll(
    (_, response) => void response.writeHead(307, { location: `${elsewhere.url}/mcp` }).end(),
  );
  const response = await post(all.gateway.mcpUrl, await all.issuer.sign());
  assert.equal(response.status, 502);
  assert.ok(!(await response.text()).includes(elsewhere.url));
  assert.equal(elsewhere.seen.length, 0);
});

test('the upstream refuses a kept token – one new exchange, one new try, the caller notices nothing', async () => {
  const good = new Set<string>();
  await using all = await startAll((seen, response) =>
    sendJson(response, good.has(seen.headers.authorization ?? '') ? 200 : 401, {}),
  );
  const callerToken = await all.issuer.sign();
  const usual = all.issuer.onToken;
  all.issuer.onToken = async (seen, response) => {
    const end = response.end.bind(response);
    response.end = ((text: string) => {
      good.clear();
      good.add(`Bearer ${String(JSON.parse(text).access_token)}`);
      return end(text);
    }) as typeof response.end;
    await usual(seen, response);
  };
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  good.clear();
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  assert.equal(all.issuer.count('/oauth2/as1/v1/token'), 2);
  assert.equal(all.upstream.seen.length, 3);
});

test('the upstream refuses even a fresh token – 502 without a challenge, after one exchange', async () => {
  await using all = await startAll((_, response) =>
    sendJson(response, 401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' }),
  );
  const response = await post(all.gateway.mcpUrl, await all.issuer.sign());
  assert.equal(response.status, 502);
  assert.equal(response.headers.get('www-authenticate'), null);
  assert.equal(all.issuer.count('/oauth2/as1/v1/token'), 1);
  const [record] = await all.gateway.records();
  assert.equal(record?.code, 'upstream_refused_credential');
});

for (const path of [
  '/',
  '/mcp/',
  '/mcp/..%2fadmin',
  '//mcp',
  '/mcp;x',
  '/%6dcp',
  '/MCP',
  '/admin',
  '/mcp/../admin',
  '/.well-known/../mcp',
  '/mcp%00',
  '/mcp\\..\\admin',
]) {
  test(`path ${path} – 404, nothing is forwarded, nothing exchanged`, async () => {
    await using all = await startAll();
    const callerToken = await all.issuer.sign();
    const status = await new Promise((resolve, reject) => {
      const call = request({
        host: '127.0.0.1',
        port: all.gateway.port,
        path,
        method: 'POST',
        headers: { authorization: `Bearer ${callerToken}`, host: 'localhost' },
      });
      call.on('response', (response) => resolve(response.resume().statusCode));
      call.on('error', reject);
      call.end();
    });
    assert.equal(status, 404);
    assert.equal(all.upstream.seen.length + all.issuer.count('/oauth2/as1/v1/token'), 0);
  });
}
