import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { claimsOf, startTestIdp } from '../kit/start-test-idp.ts';

/** A user's whole way through Usher with each provider that exchanges by RFC 8693. What differs is what an administrator sets
 * up at that provider, and what the gateway is told of it.
 */
const rows = [
  {
    flavour: 'keycloak',
    audience: 'mcpserver',
    target: 'backend',
    clientId: 'mcpserver',
    signIn: { scope: 'openid profile email mcp:tools:call' },
    name: 'alice@example.com',
    wrongSecret: 'keycloak-secret-wrong',
  },
  {
    flavour: 'auth0',
    audience: 'http://localhost:8000/mcp',
    target: 'https://countries.example.com',
    clientId: 'gateway',
    signIn: { scope: 'openid mcp:tools:call', params: { audience: 'http://localhost:8000/mcp' } },
    name: undefined,
    wrongSecret: 'auth0-client-unauthorized',
  },
] as const;

for (const { flavour, audience, target, clientId, signIn, name, wrongSecret } of rows) {
  describe(flavour, () => {
    async function call(secret: string) {
      await using idp = await startTestIdp(() => undefined, { flavour });
      const answer = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'Czechia' }] } };
      await using upstream = await startHttpServer((_, response) => sendJson(response, 200, answer));
      await using gateway = await startTestGateway({
        countries: {
          authenticate: [{ strategy: 'jwt', issuer: idp.server('mcpserver').issuer, audience: [audience] }],
          policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
          credential: {
            strategy: 'token-exchange',
            provider: flavour,
            url: idp.server('backend').tokenUrl,
            clientId,
            clientSecret: new Secret(secret),
            audience: [target],
            scopes: ['backend-api:read'],
          },
          upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
        },
      });
      const callerToken = String((await idp.signIn('mcpserver', signIn)).body['access_token']);
      const { status } = await post(gateway.mcpUrl, callerToken);
      const [record] = await gateway.records();
      return { status, record, callerToken, seen: upstream.seen };
    }

    test(`${flavour} – a tool call – goes on with a token of the same user for the API`, async () => {
      const { status, record, callerToken, seen } = await call('gateway-development-secret');
      assert.equal(status, 200);
      const [before, after] = [
        claimsOf(callerToken),
        claimsOf(seen[0]?.headers.authorization?.slice('Bearer '.length)),
      ];
      assert.deepEqual([after['aud'], after['scope'], after['sub']], [target, 'backend-api:read', before['sub']]);
      assert.deepEqual([record?.decision, record?.who.name], ['allowed', name]);
      assert.deepEqual([record?.caller?.clientId, record?.exchanged?.clientId], ['demo', clientId]);
    });

    test(`${flavour} – a wrong secret – is the operator’s, with the cause by name, and nothing goes on`, async () => {
      const { status, record, seen } = await call('another-secret');
      assert.equal(status, 502);
      assert.deepEqual([record?.code, record?.cause], ['exchange_misconfigured', wrongSecret]);
      assert.equal(seen.length, 0);
    });
  });
}
