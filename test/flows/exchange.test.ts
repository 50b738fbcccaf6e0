import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { post, toolCall } from '../kit/call.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { exchangeGrant } from '../kit/start-issuer.ts';

const answer = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'Czechia' }] } };

function startAll() {
  return startTokenLab({ respond: (_, response) => sendJson(response, 200, answer) });
}

test('a call with a good token – exchanged, forwarded, answered', async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign();
  const response = await post(all.gateway.mcpUrl, callerToken);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), answer);
  const [seen] = all.upstream.seen;
  const upstreamToken = seen?.headers.authorization?.replace('Bearer ', '') ?? '';
  assert.notEqual(upstreamToken, callerToken);
  const claims = decodeJwt(upstreamToken);
  assert.equal(claims.aud, 'backend');
  assert.equal(claims.sub, 'alice@example.com');
  assert.deepEqual(JSON.parse(seen?.body ?? ''), toolCall());
});

test('the exchange request – grant, subject token, audience and scope as RFC 8693 has them, secret in Basic', async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign();
  await post(all.gateway.mcpUrl, callerToken);
  const request = all.issuer.server.seen.find((one) => one.url.endsWith('/v1/token'));
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request?.body)), {
    grant_type: exchangeGrant,
    subject_token: callerToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: 'backend',
    scope: 'backend-api:read',
  });
  assert.equal(request?.headers.authorization, `Basic ${Buffer.from('0oaGateway:gateway-secret').toString('base64')}`);
  assert.equal(request?.headers['accept-encoding'], 'identity');
});

test('200 first calls of one user at once – one exchange', async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign();
  const statuses = await Promise.all(
    Array.from({ length: 200 }, async () => (await post(all.gateway.mcpUrl, callerToken)).status),
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(all.issuer.count('/oauth2/as1/v1/token'), 1);
});

test("the audit trail – one line with the user, the tool and both tokens' claims, no token", async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign({ email: 'alice@example.com' });
  await post(all.gateway.mcpUrl, callerToken, toolCall(), {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  const records = await all.gateway.records();
  assert.equal(records.length, 1);
  const [record] = records;
  assert.equal(record?.who.sub, 'alice@example.com');
  assert.equal(record?.who.client, '0oaClient');
  assert.equal(record?.who.name, 'alice@example.com');
  assert.equal(record?.what.method, 'tools/call');
  assert.equal(record?.what.tool, 'GetCountry');
  assert.equal(record?.decision, 'allowed');
  assert.equal(record?.trace, '0af7651916cd43dd8448eb211c80319c');
  assert.equal(record?.caller?.aud, 'mcpserver');
  assert.equal(record?.exchanged?.aud, 'backend');
  assert.deepEqual(record?.exchanged?.scp, ['backend-api:read']);
  assert.equal(record?.exchanged?.source, 'fresh');
  assert.equal(record?.status, 200);
  assert.equal(record?.upstreamStatus, 200);
  const upstreamToken = all.upstream.seen[0]?.headers.authorization?.split('.')[2] ?? 'none';
  const text = JSON.stringify(records) + all.gateway.logged.join('\n');
  for (const secret of [callerToken.split('.')[2] ?? 'none', upstreamToken, 'gateway-secret'])
    assert.ok(!text.includes(secret));
});

test('a second call with the same token – the cached exchange, and the audit says so', async () => {
  await using all = await startAll();
  const callerToken = await all.issuer.sign();
  await post(all.gateway.mcpUrl, callerToken);
  await post(all.gateway.mcpUrl, callerToken, toolCall('GetAllCountries', 2));
  const records = await all.gateway.records();
  assert.deepEqual(
    records.map((record) => record.exchanged?.source),
    ['fresh', 'cached'],
  );
  assert.equal(all.issuer.count('/oauth2/as1/v1/token'), 1);
});

test('50 calls at once with a kept token that the server behind no longer takes – one new exchange, all answered', async () => {
  const refused: ServerResponse[] = [];
  const spurned = new Set<string | undefined>();
  await using all = await startTokenLab({
    respond: ({ headers }, response) => {
      if (!spurned.has(headers.authorization)) return sendJson(response, 200, answer);
      refused.push(response);
      // All of them hold the same token before the first one hears that it is worth nothing.
      if (refused.length === 50) for (const one of refused) sendJson(one, 401, {});
    },
  });
  const callerToken = await all.issuer.sign();
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  spurned.add(all.upstream.seen[0]?.headers.authorization);
  const statuses = await Promise.all(
    Array.from({ length: 50 }, async () => (await post(all.gateway.mcpUrl, callerToken)).status),
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(all.issuer.count('/oauth2/as1/v1/token'), 2);
  assert.equal(all.upstream.seen.length, 1 + 50 + 50);
});

test('50 calls at once to a server behind that takes no token at all – each one is tried twice and refused', async () => {
  let isClosed = false;
  await using all = await startTokenLab({
    respond: (_, response) => sendJson(response, isClosed ? 401 : 200, answer),
  });
  const callerToken = await all.issuer.sign();
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  isClosed = true;
  const statuses = await Promise.all(
    Array.from({ length: 50 }, async () => (await post(all.gateway.mcpUrl, callerToken)).status),
  );
  assert.deepEqual(new Set(statuses), new Set([502]));
  assert.ok(all.upstream.seen.length <= 1 + 100);
});
