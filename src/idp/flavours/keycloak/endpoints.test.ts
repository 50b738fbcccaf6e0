import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestIdp, type IdpAnswer, type TestIdp } from '../../../../test/kit/start-test-idp.ts';

const gateway = 'mcpserver:gateway-development-secret';

describe('usher idp --flavour keycloak, its further endpoints', () => {
  let idp: TestIdp;
  let metadata: IdpAnswer['body'];
  let accessToken: string;
  let idToken: string;
  before(async () => {
    idp = await startTestIdp(
      (seed) =>
        void seed.apps.push({
          clientId: 'stranger',
          clientSecret: 'another-development-secret',
          label: 'Another',
          type: 'service',
          grantTypes: ['client_credentials'],
        }),
      { flavour: 'keycloak' },
    );
    metadata = (await idp.send(`${idp.server('mcpserver').issuer}/.well-known/openid-configuration`)).body;
    const { body } = await idp.signIn('mcpserver');
    [accessToken, idToken] = [String(body['access_token']), String(body['id_token'])];
  });
  after(async () => await idp[Symbol.asyncDispose]());

  const introspect = (form: Readonly<Record<string, string>>, credentials?: string) =>
    idp.post(String(metadata['introspection_endpoint']), form, credentials);

  test('introspection – by the client the token is meant for – says whose it is', async () => {
    const { status, body } = await introspect({ token: accessToken }, gateway);
    assert.equal(status, 200);
    assert.deepEqual(
      [body['active'], body['username'], body['client_id'], body['token_type'], body['aud']],
      [true, 'alice@example.com', 'demo', 'Bearer', 'mcpserver'],
    );
  });

  test('introspection – a token for somebody else, an ID token, no token at all – not active', async () => {
    for (const [token, credentials] of [
      [accessToken, 'stranger:another-development-secret'],
      [idToken, gateway],
      ['garbage', gateway],
    ] as const)
      assert.deepEqual((await introspect({ token }, credentials)).body, { active: false });
  });

  test('introspection – who may not ask – refused in Keycloak’s words', async () => {
    const rows = [
      [await introspect({ token: accessToken }, 'mcpserver:wrong'), 401, 'Client authentication failed.'],
      [await introspect({ token: accessToken }, 'nobody:x'), 401, 'Invalid client or Invalid client credentials'],
      [await introspect({ token: accessToken, client_id: 'demo' }), 403, 'Client not allowed.'],
      [await introspect({}, gateway), 400, 'Token not provided.'],
    ] as const;
    for (const [{ status, body }, expected, words] of rows)
      assert.deepEqual([status, body['error_description']], [expected, words]);
  });

  test('registration of a client – by anybody – refused by the policy Trusted Hosts', async () => {
    const url = String(metadata['registration_endpoint']);
    const body = JSON.stringify({ client_name: 'x', redirect_uris: ['http://127.0.0.1:33418/'] });
    const register = (headers: Record<string, string>) =>
      idp.send(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
    const anonymous = await register({});
    assert.equal(anonymous.status, 403);
    assert.equal(anonymous.body['error'], 'insufficient_scope');
    assert.match(
      String(anonymous.body['error_description']),
      /^Policy 'Trusted Hosts' rejected .* Host not trusted\.$/,
    );
    assert.equal((await register({ authorization: 'Bearer x' })).body['error'], 'invalid_token');
    assert.equal((await idp.send(url)).status, 404);
  });

  test('paths where nothing is – answered by the layer that finds it out', async () => {
    const { issuer, tokenUrl } = idp.server('backend');
    for (const [url, status, error] of [
      [`${tokenUrl}s`, 405, 'HTTP 405 Method Not Allowed'],
      [`${issuer}/oauth2/token`, 404, 'HTTP 404 Not Found'],
      [tokenUrl.replace('/realms/', '/auth/realms/'), 404, 'Unable to find matching target resource method'],
      [tokenUrl.replace('/countries/', '/Countries/'), 404, 'Realm does not exist'],
      [tokenUrl.replace('/countries/', '/master/'), 401, 'invalid_client'],
    ] as const) {
      const answer = await idp.post(url, { grant_type: 'x' }, gateway);
      assert.deepEqual([answer.status, answer.body['error']], [status, error], url);
    }
  });
});
