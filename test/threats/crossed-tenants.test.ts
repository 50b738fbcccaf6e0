import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer, type TestIssuer } from '../kit/start-issuer.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';

const tokenPath = '/oauth2/as1/v1/token';
const [a, b, upstream] = await Promise.all([
  startIssuer(),
  startIssuer(),
  startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} })),
]);
const tenant = (issuer: TestIssuer, name: string) => ({
  strategy: 'jwt' as const,
  issuer: issuer.issuer,
  audience: ['mcpserver'],
  credential: {
    strategy: 'token-exchange' as const,
    url: issuer.tokenUrl,
    clientId: `gateway-of-${name}`,
    clientSecret: new Secret(`secret-of-${name}`),
    audience: [`backend-of-${name}`],
  },
});
const gateway = await startTestGateway({
  apollo: {
    authenticate: [tenant(a, 'a'), tenant(b, 'b')],
    upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
  },
});
after(async () => {
  await gateway.close();
  for (const one of [a, b, upstream]) await one[Symbol.asyncDispose]();
});

async function call(callerToken: string): Promise<number> {
  const response = await post(gateway.mcpUrl, callerToken);
  await response.text();
  return response.status;
}
const formOf = (issuer: TestIssuer) =>
  new URLSearchParams(issuer.server.seen.findLast(({ url }) => url === tokenPath)?.body);

describe('two tenants behind one path, each with an exchange of its own', () => {
  test('callers of each – exchanged at their own provider, as its client, for its back end', async () => {
    const [tokenOfA, tokenOfB] = [await a.sign(), await b.sign()];
    assert.equal(await call(tokenOfA), 200);
    assert.deepEqual([a.count(tokenPath), b.count(tokenPath)], [1, 0]);
    assert.equal(formOf(a).get('subject_token'), tokenOfA);
    assert.equal(formOf(a).get('audience'), 'backend-of-a');
    assert.equal(await call(tokenOfB), 200);
    assert.deepEqual([a.count(tokenPath), b.count(tokenPath)], [1, 1]);
    assert.equal(formOf(b).get('subject_token'), tokenOfB);
    const sent = upstream.seen.map(({ headers }) => headers.authorization?.split('.')[1] ?? '');
    const audiences = sent.map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()).aud);
    assert.deepEqual(audiences, ['backend-of-a', 'backend-of-b']);
  });

  test('the same subject and client at both – two people, and a session of one is unknown to the other', async () => {
    upstream.seen.length = 0;
    const [tokenOfA, tokenOfB] = [await a.sign({ sub: 'x' }), await b.sign({ sub: 'x' })];
    assert.deepEqual([await call(tokenOfA), await call(tokenOfB)], [200, 200]);
    const [one, other] = upstream.seen.map(({ headers }) => headers.authorization);
    assert.notEqual(one, other);
    const records = (await gateway.records()).slice(-2);
    assert.deepEqual(
      records.map(({ exchanged }) => exchanged?.iss),
      [a.issuer, b.issuer],
    );
    assert.deepEqual(
      records.map(({ exchanged }) => exchanged?.['strategy' as never]),
      ['token-exchange', 'token-exchange'],
    );
  });

  test('a provider that is down – only its own callers are refused', async () => {
    const usual = b.onToken;
    b.onToken = (_, response) => sendJson(response, 500, {});
    const before = a.count(tokenPath);
    assert.equal(await call(await b.sign()), 503);
    assert.equal(a.count(tokenPath), before, 'nobody tries it at the other provider');
    assert.equal(await call(await a.sign()), 200);
    b.onToken = usual;
  });

  test('a token of A that says it is B’s – refused, and no exchange hears of it', async () => {
    const before = [a.count(tokenPath), b.count(tokenPath)];
    assert.equal(await call(await a.sign({ iss: b.issuer })), 401);
    assert.deepEqual([a.count(tokenPath), b.count(tokenPath)], before);
  });
});
