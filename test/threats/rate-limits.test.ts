import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

const answer = { jsonrpc: '2.0', id: 1, result: {} };
const rateLimit = { calls: 3, windowSeconds: 3600 };

/** A lab whose user has three calls, and how they are spent. */
async function startLimited() {
  const lab = await startTokenLab({ server: (usual) => ({ ...usual, rateLimit }) });
  let made = 0;
  return {
    lab,
    /** Of the same user, and never seen before. */
    token: (claims: Record<string, unknown> = {}) => lab.token({ claims: { jti: `AT.${(made += 1)}`, ...claims } }),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

/** Ten requests, of which the first three may reach the server. */
async function assertThree(lab: TokenLab, send: (attempt: number) => Promise<Response>): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const { status } = await send(attempt);
    assert.equal(status, attempt < 3 ? 200 : 429, `attempt ${attempt}`);
  }
  assert.equal(lab.upstream.seen.length, 3);
}

test('a limited user – with another token, client, key, session or address for each call – is the same user', async () => {
  await using scene = await startLimited();
  const { lab } = scene;
  await assertThree(lab, (attempt) =>
    post(
      lab.gateway.mcpUrl,
      scene.token({ cid: `0oaClient${attempt}`, azp: `${attempt}`, name: `Name ${attempt}` }),
      toolCall(),
      {
        'x-forwarded-for': `203.0.113.${attempt}`,
        forwarded: `for=203.0.113.${attempt}`,
        'x-real-ip': `203.0.113.${attempt}`,
        'user-agent': `client-${attempt}`,
      },
    ),
  );
  // One exchange for each that went through: the others cost the provider nothing.
  assert.equal(lab.issuer.count('/oauth2/as1/v1/token'), 3);
});

test('a limited user – who makes up sessions – reaches the server no more often', async () => {
  await using scene = await startLimited();
  const { lab } = scene;
  await assertThree(lab, () => post(lab.gateway.mcpUrl, scene.token()));
  for (let attempt = 0; attempt < 3; attempt += 1)
    assert.equal(
      (await post(lab.gateway.mcpUrl, scene.token(), toolCall(), { 'Mcp-Session-Id': `made-up-${attempt}` })).status,
      404,
    );
  assert.equal(lab.upstream.seen.length, 3);
});

test('a limited user – with headers in other cases and other spellings of the call – is counted all the same', async () => {
  await using scene = await startLimited();
  const { lab } = scene;
  const spellings = [
    { headers: { 'X-FORWARDED-FOR': '203.0.113.1', 'MCP-PROTOCOL-VERSION': '2025-06-18' }, message: toolCall() },
    { headers: { 'mCp-pRoToCoL-vErSiOn': '2025-03-26' }, message: [toolCall()] },
    // Without an id it asks for no answer; a server may carry it out all the same.
    { headers: {}, message: { jsonrpc: '2.0', method: 'tools/call', params: { name: 'GetCountry' } } },
    { headers: {}, message: { jsonrpc: '2.0', id: null, method: 'tools/call', params: { name: 'GetCountry' } } },
  ];
  await assertThree(lab, (attempt) => {
    const { headers, message } = spellings[attempt % spellings.length] ?? { headers: {}, message: toolCall() };
    return post(lab.gateway.mcpUrl, scene.token(), message, headers);
  });
});

test('a batch – does not get more through than as many single calls', async () => {
  await using scene = await startLimited();
  const { lab } = scene;
  const batch = (size: number) => Array.from({ length: size }, (_, id) => toolCall('GetCountry', id));
  assert.equal((await post(lab.gateway.mcpUrl, scene.token(), batch(4))).status, 400);
  assert.equal((await post(lab.gateway.mcpUrl, scene.token(), batch(2))).status, 200);
  assert.equal((await post(lab.gateway.mcpUrl, scene.token(), batch(2))).status, 429);
  assert.equal((await post(lab.gateway.mcpUrl, scene.token(), batch(1))).status, 200);
  assert.equal(lab.upstream.seen.length, 2);
});

test('many calls of a user at once – no more than the limit go through', async () => {
  await using scene = await startLimited();
  const { lab } = scene;
  const responses = await Promise.all(Array.from({ length: 50 }, () => post(lab.gateway.mcpUrl, scene.token())));
  assert.equal(responses.filter(({ status }) => status === 200).length, 3);
  assert.equal(lab.upstream.seen.length, 3);
});

test('one user’s flood – takes nothing from another, whatever they are called', async () => {
  await using scene = await startLimited();
  const { lab } = scene;
  for (let call = 0; call < 10; call += 1) await post(lab.gateway.mcpUrl, scene.token());
  for (const sub of [
    'bob@example.com',
    'Alice@example.com',
    'alice@example.com ',
    'alice@example.com\u0000x',
    '__proto__',
  ])
    assert.equal((await post(lab.gateway.mcpUrl, scene.token({ sub }))).status, 200, sub);
});

const proxies: readonly (readonly [string, readonly string[], number])[] = [
  ['nobody is trusted', [], 3],
  ['the proxy is trusted, which appends the address it sees', ['127.0.0.1'], 3],
];

for (const [name, trustedProxies, passed] of proxies) {
  test(`a caller without a token – who makes up X-Forwarded-For; ${name} – is one caller`, async () => {
    await using upstream = await startHttpServer((_, response) => sendJson(response, 200, answer));
    await using gateway = await startTestGateway(
      {
        open: {
          authenticate: [{ strategy: 'anonymous' }],
          upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
          rateLimit,
        },
      },
      { config: { listen: { port: 0, trustedProxies: [...trustedProxies] } } },
    );
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const forwarded = `198.51.100.${attempt}, 203.0.113.9`;
      await (await post(gateway.mcpUrl, undefined, toolCall(), { 'X-Forwarded-For': forwarded })).text();
    }
    assert.equal(upstream.seen.length, passed);
    const another = await post(gateway.mcpUrl, undefined, toolCall(), { 'x-forwarded-for': '203.0.113.10' });
    assert.equal(another.status, trustedProxies.length === 0 ? 429 : 200);
  });
}
