import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from 'node:http';
import { proofAlgorithms } from '../../src/authenticators/dpop/proof-algorithms.ts';
import { post } from '../kit/call.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';

function startAll(resourceUrl?: string) {
  return startTokenLab({ server: (usual) => (resourceUrl === undefined ? usual : { ...usual, resourceUrl }) });
}

for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
  test(`protected resource metadata at ${path} – resource, authorization servers, scopes`, async () => {
    await using all = await startAll();
    const response = await fetch(all.gateway.url + path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    assert.deepEqual(await response.json(), {
      resource: `http://localhost:${all.gateway.port}/mcp`,
      resource_name: 'apollo',
      authorization_servers: [all.issuer.issuer],
      scopes_supported: ['mcp:tools:call'],
      bearer_methods_supported: ['header'],
      dpop_bound_access_tokens_required: false,
      dpop_signing_alg_values_supported: [...proofAlgorithms],
    });
  });
}

test('a resource URL of its own – published as configured, found by the path clients derive from it', async () => {
  await using all = await startAll('https://mcp.example.com/team/countries');
  const response = await fetch(`${all.gateway.url}/.well-known/oauth-protected-resource/team/countries`);
  const metadata: { resource?: string } = JSON.parse(await response.text());
  assert.equal(metadata.resource, 'https://mcp.example.com/team/countries');
});

test('a resource URL with a query – the challenge names the metadata with the same query', async () => {
  await using all = await startAll('https://mcp.example.com/mcp?team=countries');
  const response = await post(all.gateway.mcpUrl, undefined);
  const expected =
    'resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp?team=countries"';
  assert.ok(response.headers.get('www-authenticate')?.endsWith(expected));
  const metadata = await fetch(`${all.gateway.url}/.well-known/oauth-protected-resource/mcp?team=countries`);
  assert.equal(metadata.status, 200);
});

test('no token – 401 with a challenge that has no error, names the metadata and the scope', async () => {
  await using all = await startAll();
  const response = await post(all.gateway.mcpUrl, undefined);
  assert.equal(response.status, 401);
  assert.equal(
    response.headers.get('www-authenticate'),
    `Bearer scope="mcp:tools:call", resource_metadata="http://localhost:${all.gateway.port}/.well-known/oauth-protected-resource/mcp"`,
  );
  assert.equal(all.upstream.seen.length, 0);
});

test('a bad token – 401 whose challenge says what is wrong and has the id that the body has', async () => {
  await using all = await startAll();
  const response = await post(all.gateway.mcpUrl, await all.issuer.sign({ aud: 'api' }));
  assert.equal(response.status, 401);
  assert.match(
    response.headers.get('www-authenticate') ?? '',
    /^Bearer error="invalid_token", error_description="Cannot accept the token: audience is 'api', expected 'mcpserver'", request_id="[0-9a-f-]{36}", scope=/,
  );
  const { error } = (await response.json()) as { error: { data: { id: string } } };
  assert.ok(response.headers.get('www-authenticate')?.includes(`request_id="${error.data.id}"`));
});

test('several servers – each answers at its own path with its own metadata, and none at the root', async () => {
  await using issuer = await startIssuer();
  await using one = await startHttpServer((_, response) => sendJson(response, 200, { from: 'one' }));
  await using two = await startHttpServer((_, response) => sendJson(response, 200, { from: 'two' }));
  await using gateway = await startTestGateway({
    one: exchangingServer(issuer, one, { path: '/one/mcp' }),
    two: exchangingServer(issuer, two, {
      path: '/two/mcp',
      authenticate: [{ strategy: 'jwt', issuer: issuer.issuer, audience: ['second'] }],
    }),
  });
  assert.deepEqual(await (await post(`${gateway.url}/one/mcp`, await issuer.sign())).json(), { from: 'one' });
  assert.equal((await post(`${gateway.url}/two/mcp`, await issuer.sign())).status, 401);
  assert.deepEqual(await (await post(`${gateway.url}/two/mcp`, await issuer.sign({ aud: 'second' }))).json(), {
    from: 'two',
  });
  const metadata: { resource?: string } = JSON.parse(
    await (await fetch(`${gateway.url}/.well-known/oauth-protected-resource/two/mcp`)).text(),
  );
  assert.equal(metadata.resource, `http://localhost:${gateway.port}/two/mcp`);
  assert.equal((await fetch(`${gateway.url}/.well-known/oauth-protected-resource`)).status, 404);
});

test('/health and /ready – 200 without a token once the keys are there', async () => {
  await using all = await startAll();
  assert.equal((await fetch(`${all.gateway.url}/health`)).status, 200);
  await post(all.gateway.mcpUrl, await all.issuer.sign());
  assert.deepEqual(await (await fetch(`${all.gateway.url}/ready`)).json(), { status: 'ready' });
});

test('/ready while the issuer is down – 503 that says what is missing', async () => {
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  await using issuer = await startIssuer();
  issuer.onOther = (_, response) => {
    sendJson(response, 503, {});
    return true;
  };
  await using gateway = await startTestGateway({ apollo: exchangingServer(issuer, upstream) });
  const response = await fetch(`${gateway.url}/ready`);
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), { status: 'not ready', waitingFor: ['the issuer of tokens for apollo'] });
});

function withHeaders(port: number, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers });
    call.on('response', (response) => resolve(response.resume().statusCode));
    call.on('error', reject);
    call.end();
  });
}

for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:8000']) {
  test(`host ${host} – 403, a rebound name gets no further`, async () => {
    await using all = await startAll();
    assert.equal(await withHeaders(all.gateway.port, { host }), 403);
  });
}

test('an origin of another page – 403', async () => {
  await using all = await startAll();
  assert.equal(
    await withHeaders(all.gateway.port, { origin: `http://127.0.0.1:${all.gateway.port}.evil.example` }),
    403,
  );
});

test("the resource URL's own origin – let through to authentication", async () => {
  await using all = await startAll();
  assert.equal(await withHeaders(all.gateway.port, { origin: `http://localhost:${all.gateway.port}` }), 401);
});
