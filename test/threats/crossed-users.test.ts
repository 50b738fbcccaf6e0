import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { post, toolCall } from '../kit/call.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startTokenLab, type LabOptions } from '../kit/start-token-lab.ts';

/** The upstream answers with whom it saw, after a while that differs from call to call. */
const respond: NonNullable<LabOptions['respond']> = async (request, response) => {
  await setTimeout(Math.random() * 10);
  const { aud, sub } = decodeJwt(request.headers.authorization?.slice(7) ?? '');
  const { id } = JSON.parse(request.body) as { id: string };
  sendJson(response, 200, { jsonrpc: '2.0', id, result: { aud, sub } });
};

test("200 users, 5 calls each, all at once and slow in changing ways – every call carries its own user's token", async () => {
  await using lab = await startTokenLab({ respond });
  const usual = lab.issuer.onToken;
  lab.issuer.onToken = async (request, response) => {
    await setTimeout(Math.random() * 20);
    await usual(request, response);
  };
  const users = Array.from({ length: 200 }, (_, number) => `user-${number}@example.com`);
  const tokens = new Map(users.map((sub) => [sub, lab.token({ claims: { sub, jti: `AT.${sub}` } })]));
  const results = await Promise.all(
    Array.from({ length: 5 }, (_, round) =>
      users.map(async (sub) => {
        const id = `${sub} ${round}`;
        await setTimeout(Math.random() * 50);
        const response = await post(lab.gateway.mcpUrl, tokens.get(sub), toolCall('GetCountry', id));
        const answer = (await response.json()) as { id: string; result: { aud: string; sub: string } };
        return { sub, id, answer };
      }),
    ).flat(),
  );
  assert.equal(results.length, 1000);
  for (const { sub, id, answer } of results) {
    assert.deepEqual(answer, { jsonrpc: '2.0', id, result: { aud: 'backend', sub } });
  }
  assert.equal(lab.issuer.count('/oauth2/as1/v1/token'), 200, 'one exchange for each user');
  const records = await lab.gateway.records();
  for (const { who, what, exchanged } of records) {
    assert.equal(exchanged?.sub, who.sub);
    assert.ok(String(what.rpcId).startsWith(`${who.sub} `));
  }
  assert.equal(records.length, 1000);
});

test('one of several callers of a shared exchange hangs up – the others are answered', async () => {
  await using lab = await startTokenLab({ respond });
  const usual = lab.issuer.onToken;
  lab.issuer.onToken = async (request, response) => {
    await setTimeout(200);
    await usual(request, response);
  };
  const token = lab.token();
  const leaver = new AbortController();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const left = fetch(lab.gateway.mcpUrl, {
    method: 'POST',
    headers,
    body: JSON.stringify(toolCall('GetCountry', 'left')),
    signal: leaver.signal,
  });
  await setTimeout(60);
  const stayed = Promise.all([1, 2, 3].map((id) => post(lab.gateway.mcpUrl, token, toolCall('GetCountry', id))));
  await setTimeout(20);
  leaver.abort();
  await assert.rejects(left, { name: 'AbortError' });
  assert.deepEqual(
    (await stayed).map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal(lab.issuer.count('/oauth2/as1/v1/token'), 1);
  const records = await lab.gateway.records();
  assert.deepEqual(records.map(({ decision }) => decision).sort(), ['allowed', 'allowed', 'allowed', 'cancelled']);
  const ids = lab.upstream.seen.map(({ body }) => (JSON.parse(body) as { id: unknown }).id);
  assert.ok(!ids.includes('left'), 'the call of the one who left goes nowhere');
});

test('a second user whose exchange is refused – nothing of the first one is used for them', async () => {
  await using lab = await startTokenLab({ respond });
  assert.equal((await post(lab.gateway.mcpUrl, lab.token())).status, 200);
  lab.issuer.onToken = (_, response) => sendJson(response, 400, { error: 'access_denied' });
  const before = lab.upstream.seen.length;
  const bob = lab.token({ claims: { sub: 'bob@example.com' } });
  assert.equal((await post(lab.gateway.mcpUrl, bob)).status, 403);
  // The same user's new token is another token, too.
  assert.equal((await post(lab.gateway.mcpUrl, lab.token({ claims: { jti: 'AT.new' } }))).status, 403);
  assert.equal(lab.upstream.seen.length, before);
});

test("an exchanged token for another subject – the operator is told once, with both names; the user's own is not worth a line", async () => {
  await using lab = await startTokenLab();
  assert.equal((await post(lab.gateway.mcpUrl, lab.token({ claims: { jti: 'AT.own' } }))).status, 200);
  assert.deepEqual(lab.gateway.logged, []);
  lab.issuer.onToken = async (_, response) => {
    const claims = { aud: 'backend', sub: 'mallory@example.com', scp: ['backend-api:read'] };
    sendJson(response, 200, {
      access_token: lab.token({ claims }),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
    });
  };
  const callerToken = lab.token({ claims: { jti: 'AT.crossed' } });
  for (const id of [1, 2]) await (await post(lab.gateway.mcpUrl, callerToken, toolCall('GetCountry', id))).text();
  assert.equal(lab.gateway.logged.length, 1);
  assert.match(
    lab.gateway.logged.join(''),
    /^warn: The exchanged token is for subject "mallory@example.com", the caller is "alice@example.com" /,
  );
});
