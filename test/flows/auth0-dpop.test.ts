import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { post, toolCall } from '../kit/call.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startTestGateway } from '../kit/start-test-gateway.ts';
import { claimsOf, startTestIdp } from '../kit/start-test-idp.ts';

const firstApi = 'http://localhost:8000/mcp';
const backend = 'https://countries.example.com';

test('Auth0 – keys on both legs, a public client – its proof is not enough for the API: the new token is bound to the gateway’s key, with the nonce Auth0 wants for it', async () => {
  await using idp = await startTestIdp(
    (seed) => {
      for (const server of seed.servers) server['senderConstraining'] = 'required';
      Object.assign(seed.apps.find(({ clientId }) => clientId === 'gateway') ?? {}, { requireDpop: true });
    },
    { flavour: 'auth0' },
  );
  const answer = { jsonrpc: '2.0', id: 1, result: { content: [] } };
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, answer));
  const url = idp.server('backend').tokenUrl;
  await using gateway = await startTestGateway({
    countries: {
      authenticate: [{ strategy: 'jwt', issuer: idp.server('mcpserver').issuer, audience: [firstApi] }],
      policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
      dpop: { required: true },
      credential: {
        strategy: 'token-exchange',
        provider: 'auth0',
        url,
        clientId: 'gateway',
        clientSecret: new Secret('gateway-development-secret'),
        audience: [backend],
        scopes: ['backend-api:read'],
        dpop: true,
      },
      upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
    },
  });
  const client = makeDpopClient();
  const asked = await idp.post(url, { grant_type: 'none', client_id: 'demo' });
  const dpop = client.proof({ url }, { claims: { nonce: asked.headers.get('dpop-nonce') } });
  const request = { scope: 'openid mcp:tools:call', params: { audience: firstApi }, headers: { dpop } };
  const callerToken = String((await idp.signIn('mcpserver', request)).body['access_token']);
  assert.deepEqual(claimsOf(callerToken)['cnf'], client.cnf);

  const resource = gateway.servers[0]?.resourceUrl ?? '';
  const headers = client.headers({ url: resource, token: callerToken });
  const { status } = await post(gateway.mcpUrl, undefined, toolCall(), headers);
  assert.equal(status, 200);
  const sent = upstream.seen[0]?.headers;
  const [scheme, upstreamToken] = sent?.authorization?.split(' ') ?? [];
  const { cnf, aud } = claimsOf(upstreamToken);
  assert.deepEqual([scheme, aud], ['DPoP', backend]);
  assert.notDeepEqual(cnf, client.cnf, 'not to the caller’s key');
  assert.match(String(sent?.['dpop']), /^eyJ/);
  const refused = idp.log.filter(
    ({ line, fields }) => line === 'token refused' && fields['error'] === 'use_dpop_nonce',
  );
  assert.equal(refused.length, 1, 'once without the nonce');
});
