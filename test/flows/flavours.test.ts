import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { claimsOf, startTestIdp } from '../kit/start-test-idp.ts';

/** A user's whole way through Usher with each provider. What differs is what an administrator sets
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

describe('entra', () => {
  const gatewayId = '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b';
  const backend = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';
  const clientId = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';

  /** A gateway that acts on behalf of the user, and one call of a client that asks for what the challenge says. */
  async function startLab(change: Record<string, unknown> = {}) {
    await using stack = new AsyncDisposableStack();
    const idp = stack.use(
      await startTestIdp((seed) => void Object.assign(seed.servers[1] ?? {}, change), { flavour: 'entra' }),
    );
    const answer = { jsonrpc: '2.0', id: 1, result: { content: [] } };
    const upstream = stack.use(await startHttpServer((_, response) => sendJson(response, 200, answer)));
    const server = idp.server('backend');
    const gateway = stack.use(
      await startTestGateway({
        countries: {
          authenticate: [{ strategy: 'jwt', issuer: server.issuer, audience: [gatewayId] }],
          policy: { strategy: 'scopes', required: ['mcp.tools.call'], prefix: `api://${gatewayId}/` },
          credential: {
            strategy: 'entra-obo',
            url: server.tokenUrl,
            clientId: gatewayId,
            clientSecret: new Secret('gateway-development-secret'),
            scopes: [`api://${backend}/Countries.Read`],
            audience: [backend],
          },
          upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
        },
      }),
    );
    const all = stack.move();
    async function signIn(params: Record<string, string> = {}): Promise<string> {
      const challenge = (await post(gateway.mcpUrl, undefined)).headers.get('www-authenticate') ?? '';
      const scope = `openid ${/ scope="([^"]+)"/.exec(challenge)?.[1] ?? ''}`;
      return String((await idp.signIn('mcpserver', { clientId, scope, params })).body['access_token']);
    }
    return { gateway, upstream, signIn, [Symbol.asyncDispose]: () => all.disposeAsync() };
  }

  test('entra – a client that asks for the challenge’s scopes – its call goes on, on behalf of the user', async () => {
    await using lab = await startLab();
    const callerToken = await lab.signIn();
    assert.equal((await post(lab.gateway.mcpUrl, callerToken)).status, 200);
    const [before, after] = [
      claimsOf(callerToken),
      claimsOf(lab.upstream.seen[0]?.headers.authorization?.slice('Bearer '.length)),
    ];
    assert.deepEqual([after['aud'], after['scp'], after['oid']], [backend, 'Countries.Read', before['oid']]);
    const record = (await lab.gateway.records()).findLast(({ decision }) => decision === 'allowed');
    assert.deepEqual([record?.who.name, record?.exchanged?.strategy], ['alice@example.com', 'entra-obo']);
    assert.deepEqual([record?.caller?.oid, record?.exchanged?.oid], [before['oid'], before['oid']]);
    assert.deepEqual([record?.caller?.jti, record?.exchanged?.jti], [before['uti'], after['uti']]);
    assert.ok(!lab.gateway.logged.some((line) => line.includes('is for subject')), 'another sub, the same oid');
  });

  test('entra – Conditional Access wants more – the challenge’s claims, given at a new sign-in, let the call pass', async () => {
    await using lab = await startLab({ multifactor: true });
    const refused = await post(lab.gateway.mcpUrl, await lab.signIn());
    assert.equal(refused.status, 401);
    const encoded = / claims="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? '';
    const record = (await lab.gateway.records()).findLast(({ code }) => code === 'exchange_step_up');
    assert.equal(record?.cause, 'entra-mfa-required');
    assert.equal(lab.upstream.seen.length, 0);
    const again = await lab.signIn({ claims: Buffer.from(encoded, 'base64url').toString().trim() });
    assert.equal((await post(lab.gateway.mcpUrl, again)).status, 200);
  });

  test('entra – nobody consented – 403 with the cause by name, not a sign-in that would change nothing', async () => {
    await using lab = await startLab({ policies: [] });
    assert.equal((await post(lab.gateway.mcpUrl, await lab.signIn())).status, 403);
    const record = (await lab.gateway.records()).findLast(({ code }) => code === 'exchange_denied');
    assert.equal(record?.cause, 'entra-consent-missing');
  });
});
