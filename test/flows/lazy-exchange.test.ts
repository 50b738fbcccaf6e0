import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { post } from '../kit/call.ts';
import { freePort } from '../kit/free-port.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';
import { until } from '../kit/until.ts';

const tokenPath = '/oauth2/as1/v1/token';
const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';

interface Refused {
  readonly token?: Record<string, unknown>;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

describe('a call that is refused – costs no exchange', () => {
  const rows: readonly (readonly [string, number, Refused])[] = [
    ['without a token', 401, { headers: {} }],
    ['with a token for something else', 401, { token: { aud: 'backend' } }],
    ['without the scope', 403, { token: { scp: [] } }],
    ['that is no JSON', 400, { token: {}, body: '{' }],
    ['of a session nobody knows', 404, { token: {}, headers: { 'mcp-session-id': 'of-somebody-else' } }],
    ['from a page that may not', 403, { token: {}, headers: { origin: 'https://evil.example' } }],
    ['with a method that is none', 405, { token: {}, method: 'PUT' }],
  ];
  for (const [name, status, { token, ...init }] of rows) {
    test(name, async () => {
      await using lab = await startTokenLab();
      const authorization = token === undefined ? {} : { authorization: `Bearer ${lab.token({ claims: token })}` };
      const headers = { 'content-type': 'application/json', ...authorization, ...init.headers };
      const response = await fetch(lab.gateway.mcpUrl, { method: 'POST', body: call, ...init, headers });
      assert.equal(response.status, status);
      assert.equal(lab.issuer.count(tokenPath), 0);
    });
  }
});

test('a preflight of a browser – costs no exchange', async () => {
  await using lab = await startTokenLab();
  const headers = {
    origin: new URL(lab.gateway.servers[0]?.resourceUrl ?? '').origin,
    'access-control-request-method': 'POST',
  };
  const response = await fetch(lab.gateway.mcpUrl, { method: 'OPTIONS', headers });
  assert.equal(response.status, 204);
  assert.equal(lab.issuer.count(tokenPath), 0);
});

test('a call to a server that is down – is answered without an exchange', async (context) => {
  await using issuer = await startIssuer();
  const targetPort = await freePort();
  const program = `require('node:http').createServer(() => process.exit(7)).listen(${targetPort}, '127.0.0.1')`;
  const { authenticate, policy, credential } = exchangingServer(issuer, { url: 'http://127.0.0.1:1' });
  const upstream = { strategy: 'process' as const, command: [process.execPath, '-e', program], targetPort };
  const gateway = await startTestGateway(
    { apollo: { authenticate, policy, credential, upstream } },
    { restartTimes: { firstMs: 100_000, longestMs: 100_000, healthyMs: 100_000 } },
  );
  context.after(() => gateway.close());
  assert.equal((await post(gateway.mcpUrl, await issuer.sign(), call)).status, 502);
  await until(async () => (await fetch(`${gateway.url}/ready`)).status === 503);
  const exchanges = issuer.count(tokenPath);
  const response = await post(gateway.mcpUrl, await issuer.sign(), call);
  assert.equal(response.status, 503);
  assert.match(await response.text(), /"code":"workload_down"/);
  assert.equal(issuer.count(tokenPath), exchanges);
});
