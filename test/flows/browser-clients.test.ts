import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

const page = 'https://app.example.com';

function startLab(more: object = {}) {
  return startTokenLab({ server: (usual) => ({ ...usual, allowedOrigins: [page], ...more }) });
}

function preflight(url: string, headers: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'OPTIONS', headers });
}

const asked = 'authorization, content-type, mcp-protocol-version, mcp-param-region, x-evil, x-tenant';

test('a preflight of an allowed page – answered without a token, with the headers that go on', async () => {
  await using lab = await startLab({ forwardHeaders: ['X-Tenant'] });
  const response = await preflight(lab.gateway.mcpUrl, {
    origin: page,
    'access-control-request-method': 'POST',
    'access-control-request-headers': asked,
  });
  assert.equal(response.status, 204);
  assert.equal(response.headers.get('access-control-allow-origin'), page);
  assert.equal(response.headers.get('access-control-allow-methods'), 'POST, GET, DELETE');
  assert.equal(response.headers.get('access-control-allow-headers'), asked.replace(', x-evil', ''));
  assert.equal(response.headers.get('access-control-allow-credentials'), null);
  assert.match(response.headers.get('vary') ?? '', /origin/i);
  assert.deepEqual([lab.upstream.seen, await lab.gateway.records()], [[], []]);
});

test('a preflight of another page – 403, and nothing that lets it in', async () => {
  await using lab = await startLab();
  const response = await preflight(lab.gateway.mcpUrl, {
    origin: 'https://evil.example',
    'access-control-request-method': 'POST',
  });
  assert.equal(response.status, 403);
  assert.equal(response.headers.get('access-control-allow-origin'), null);
});

test('OPTIONS that is no preflight – 405', async () => {
  await using lab = await startLab();
  assert.equal((await preflight(lab.gateway.mcpUrl, { origin: page })).status, 405);
});

for (const [name, isSignedIn, status] of [
  ['a call', true, 200],
  ['a refusal', false, 401],
] as const) {
  test(`${name} of an allowed page – its answer, challenge and session may be read there`, async () => {
    await using lab = await startLab();
    const response = await post(lab.gateway.mcpUrl, isSignedIn ? lab.token() : undefined, toolCall(), { origin: page });
    assert.equal(response.status, status);
    assert.equal(response.headers.get('access-control-allow-origin'), page);
    assert.match(response.headers.get('access-control-expose-headers') ?? '', /Mcp-Session-Id.*WWW-Authenticate/);
  });
}

test('an answer that varies by something else – varies by the origin as well', async () => {
  await using lab = await startTokenLab({
    respond: (_, response) => sendJson(response, 200, {}, { vary: 'accept' }),
    server: (usual) => ({ ...usual, allowedOrigins: [page] }),
  });
  const response = await post(lab.gateway.mcpUrl, lab.token(), toolCall(), { origin: page });
  assert.equal(response.headers.get('vary'), 'accept, origin');
});

test('a call without an origin – an answer without any of that', async () => {
  await using lab = await startLab();
  const response = await post(lab.gateway.mcpUrl, lab.token());
  assert.equal(response.headers.get('access-control-allow-origin'), null);
});

test('a header named by the configuration – goes on; its like does not', async () => {
  await using lab = await startLab({ forwardHeaders: ['X-Tenant'] });
  await post(lab.gateway.mcpUrl, lab.token(), toolCall(), { 'x-tenant': 'a', x_tenant: 'b', 'x-other': 'c' });
  const headers = lab.upstream.seen[0]?.headers ?? {};
  assert.deepEqual([headers['x-tenant'], headers['x_tenant'], headers['x-other']], ['a', undefined, undefined]);
});
