import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { runDoctor } from '../../src/diagnose/run-doctor.ts';
import { Secret } from '../../src/model/secret.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startTestIdp, type SeedData, type TestIdp } from '../kit/start-test-idp.ts';

const firstApi = 'http://localhost:8000/mcp';

/** What the doctor says of clients in front of Auth0. */
async function diagnose(idp: TestIdp, clientId?: string) {
  await using upstream = await startHttpServer((_, response) => sendJson(response, 200, {}));
  const config = configSchema.parse({
    servers: {
      one: {
        resourceUrl: firstApi,
        authenticate: [{ issuer: idp.server('mcpserver').issuer, audience: [firstApi] }],
        policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
        credential: {
          strategy: 'token-exchange',
          provider: 'auth0',
          url: idp.server('backend').tokenUrl,
          clientId: 'gateway',
          clientSecret: new Secret('gateway-development-secret'),
          audience: ['https://countries.example.com'],
        },
        upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
      },
    },
  });
  const [report] = await runDoctor(config, { aids: clientId === undefined ? {} : { clientId } });
  return new Map(report?.checks.map((one) => [one.id, one]));
}

test('doctor – the metadata name a registration endpoint that takes nobody – says that clients are refused there, and what to do', async () => {
  await using idp = await startTestIdp(() => undefined, { flavour: 'auth0' });
  const checks = await diagnose(idp);
  assert.match(checks.get('sign-in')?.evidence ?? '', /clients need a client id made for them/);
  const { result, evidence, fix } = checks.get('redirect-uris') ?? {};
  assert.equal(result, 'unknown');
  assert.match(evidence ?? '', /\/oidc\/register .*dynamic client registration is disabled/);
  assert.match(fix ?? '', /--client-id ID\. Make an application .*Dynamic Client Registration \(DCR\)/);
});

test('doctor – registration is open – is said, and no client is left behind', async () => {
  await using idp = await startTestIdp((seed) => void Object.assign(seed, { registration: 'strict' }), {
    flavour: 'auth0',
  });
  const checks = await diagnose(idp);
  assert.match(checks.get('sign-in')?.evidence ?? '', /clients register themselves/);
  assert.equal(checks.get('redirect-uris')?.result, 'pass');
  assert.deepEqual(
    idp.log.filter(({ line }) => line === 'client registered'),
    [],
  );
});

test('doctor – a third-party application of Auth0 – nothing is seen of its redirect URIs, and they are not called wrong', async () => {
  const foreign = (seed: SeedData) => {
    const redirectUris = ['https://elsewhere.example.com/callback'];
    seed.apps.push({
      clientId: 'tpc_other',
      label: 'Other',
      type: 'native',
      grantTypes: ['authorization_code'],
      redirectUris,
      thirdParty: true,
    });
  };
  await using idp = await startTestIdp(foreign, { flavour: 'auth0' });
  const { result, evidence } = (await diagnose(idp, 'tpc_other')).get('redirect-uris') ?? {};
  assert.equal(result, 'unknown');
  assert.match(evidence ?? '', /Auth0 shows errors of tpc_other on a page/);
  assert.equal((await diagnose(idp, 'nobody')).get('redirect-uris')?.result, 'fail', 'others are looked at as ever');
});
