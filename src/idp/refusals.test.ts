import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { claimsOf, startTestIdp, type TestIdp } from '../../test/kit/start-test-idp.ts';

const vscode = 'vscode:vscode-development-secret';
const service = 'service:service-development-secret';

describe('refusals', () => {
  let idp: TestIdp;
  let tokenUrl: string;

  before(async () => {
    idp = await startTestIdp((seed) => {
      seed.apps.push({
        clientId: 'service',
        clientSecret: 'service-development-secret',
        label: 'Service',
        type: 'service',
        grantTypes: ['client_credentials'],
      });
      const backend = seed.servers[1];
      if (backend === undefined) throw new Error('no backend');
      backend['scopes'] = [{ name: 'backend-api:read' }, { name: 'backend-api:write' }];
      backend.policies.push({
        name: 'Service',
        clients: ['service'],
        rules: [{ name: 'Read', grantTypes: ['client_credentials'], scopes: ['backend-api:read'] }],
      });
    });
    ({ tokenUrl } = idp.server('mcpserver'));
  });
  after(async () => await idp[Symbol.asyncDispose]());

  test('token endpoint – unknown client – 401 in the shape of the management API', async () => {
    for (const credentials of ['nobody:some-secret-value', undefined]) {
      const answer = await idp.post(tokenUrl, { grant_type: 'client_credentials' }, credentials);
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.match(String(answer.body['errorId']), /^oae\w{20}$/);
      assert.deepEqual(
        { ...answer.body, errorId: 'x' },
        {
          errorCode: 'invalid_client',
          errorSummary: "Invalid value for 'client_id' parameter.",
          errorLink: 'invalid_client',
          errorId: 'x',
          errorCauses: [],
        },
      );
    }
  });

  test('token endpoint – wrong secret – 401 invalid_client', async () => {
    const answer = await idp.post(tokenUrl, { grant_type: 'client_credentials' }, 'vscode:wrong-secret');
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, {
      error: 'invalid_client',
      error_description: 'The client secret supplied for a confidential client is invalid.',
    });
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /);
    assert.ok(!JSON.stringify(idp.log).includes('wrong-secret'));
  });

  test('token endpoint – confidential client without its secret – 401 invalid_client', async () => {
    const answer = await idp.post(tokenUrl, { grant_type: 'refresh_token', client_id: 'vscode', refresh_token: 'x' });
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, {
      error: 'invalid_client',
      error_description: 'Client authentication failed. Either the client or the client credentials are invalid.',
    });
  });

  test('token endpoint – secret in header and body – 400 invalid_request', async () => {
    const form = { grant_type: 'client_credentials', client_id: 'vscode', client_secret: 'vscode-development-secret' };
    const answer = await idp.post(tokenUrl, form, vscode);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      error: 'invalid_request',
      error_description:
        'Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.',
    });
  });

  test('token endpoint – grant nobody has – 400 unsupported_grant_type', async () => {
    const answer = await idp.post(tokenUrl, { grant_type: 'password', username: 'a', password: 'b' }, vscode);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      error: 'unsupported_grant_type',
      error_description: 'The authorization grant type is not supported by the authorization server.',
    });
  });

  test('token endpoint – grant the app does not have – 400 unauthorized_client with those it has', async () => {
    const answer = await idp.post(tokenUrl, { grant_type: 'authorization_code', code: 'x' }, service);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      error: 'unauthorized_client',
      error_description:
        'The client is not authorized to use the provided grant type. Configured grant types: [client_credentials].',
    });
  });

  test('token endpoint – unknown code – 400 invalid_grant', async () => {
    const form = { grant_type: 'authorization_code', code: 'unknown', redirect_uri: 'http://127.0.0.1:33418' };
    const answer = await idp.post(tokenUrl, form, vscode);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      error: 'invalid_grant',
      error_description: 'The authorization code is invalid or has expired.',
    });
  });

  test('token endpoint – wrong code_verifier – 400 invalid_grant', async () => {
    const { callback, redirectUri } = await idp.authorize('mcpserver');
    const answer = await idp.post(tokenUrl, {
      grant_type: 'authorization_code',
      client_id: 'demo',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: 'a'.repeat(43),
    });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { error: 'invalid_grant', error_description: 'PKCE verification failed.' });
  });

  test('token endpoint – code of another client – 400 invalid_grant', async () => {
    const { callback, verifier, redirectUri } = await idp.authorize('mcpserver');
    const form = {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    };
    const answer = await idp.post(tokenUrl, form, vscode);
    assert.equal(answer.status, 400);
    assert.equal(answer.body['error'], 'invalid_grant');
  });

  test('authorization – scope the server does not have – goes back with invalid_scope at once', async () => {
    const { callback } = await idp.authorize('mcpserver', { scope: 'openid nothing:here' });
    assert.equal(callback.searchParams.get('error'), 'invalid_scope');
    assert.equal(
      callback.searchParams.get('error_description'),
      'One or more scopes are not configured for the authorization server resource.',
    );
    assert.equal(callback.searchParams.get('iss'), idp.server('mcpserver').issuer);
    assert.equal(callback.searchParams.get('state'), 'the-state');
  });

  test('authorization – no state – goes back with invalid_request', async () => {
    const { callback } = await idp.authorize('mcpserver', { params: { state: undefined } });
    assert.equal(callback.searchParams.get('error'), 'invalid_request');
    assert.equal(
      callback.searchParams.get('error_description'),
      "The authentication request has an invalid 'state' parameter.",
    );
  });

  test('authorization – public client without PKCE – goes back with invalid_request', async () => {
    const params = { code_challenge: undefined, code_challenge_method: undefined };
    const { callback } = await idp.authorize('mcpserver', { params });
    assert.equal(callback.searchParams.get('error'), 'invalid_request');
  });

  test('authorization – server without a policy for the client – goes back with access_denied after sign-in', async () => {
    const { callback } = await idp.authorize('backend', { scope: 'backend-api:read' });
    assert.equal(callback.searchParams.get('error'), 'access_denied');
    assert.equal(
      callback.searchParams.get('error_description'),
      'Policy evaluation failed for this request, please check the policy configurations.',
    );
    const refused = idp.log.filter(({ line }) => line === 'authorization refused').at(-1);
    assert.equal(
      refused?.fields['reason'],
      'no active policy rule of server backend grants authorization_code with scopes [backend-api:read] to client demo for alice@example.com',
    );
  });

  test('client credentials – granted scope – token without a user', async () => {
    const form = { grant_type: 'client_credentials', scope: 'backend-api:read' };
    const { status, body } = await idp.post(idp.server('backend').tokenUrl, form, service);
    assert.equal(status, 200);
    const claims = claimsOf(body['access_token']);
    assert.equal(claims['sub'], 'service');
    assert.equal(claims['cid'], 'service');
    assert.equal(claims['uid'], undefined);
    assert.deepEqual(claims['scp'], ['backend-api:read']);
    const introspected = await idp.post(
      `${idp.server('backend').issuer}/v1/introspect`,
      { token: String(body['access_token']) },
      service,
    );
    assert.equal(introspected.body['active'], true);
    assert.equal(introspected.body['sub'], 'service');
  });

  test('client credentials – no, unknown, OpenID or ungranted scopes – are refused in Okta’s words', async () => {
    const unknown = 'One or more scopes are not configured for the authorization server resource.';
    const cases = [
      ['', 400, 'invalid_scope', 'No scopes were requested.'],
      ['nothing:here', 400, 'invalid_scope', unknown],
      ['openid', 400, 'invalid_scope', unknown],
      [
        'backend-api:read backend-api:write',
        401,
        'access_denied',
        'Policy evaluation failed for this request, please check the policy configurations.',
      ],
    ] as const;
    for (const [scope, status, error, description] of cases) {
      const form = { grant_type: 'client_credentials', scope };
      const answer = await idp.post(idp.server('backend').tokenUrl, form, service);
      assert.equal(answer.status, status);
      assert.deepEqual(answer.body, { error, error_description: description });
    }
  });

  test('introspection – without client authentication – 401 and no answer', async () => {
    const { issuer } = idp.server('mcpserver');
    const answer = await idp.post(`${issuer}/v1/introspect`, { token: 'x' });
    assert.equal(answer.status, 401);
    assert.equal(answer.body['active'], undefined);
  });

  test('introspection and revocation – forms that are none, too large or twofold – are refused or inactive', async () => {
    const { issuer } = idp.server('mcpserver');
    const json = await idp.post(`${issuer}/v1/introspect`, {}, vscode, { 'content-type': 'application/json' });
    assert.equal(json.status, 400);
    const large = await idp.post(`${issuer}/v1/introspect`, { token: 'x'.repeat(100_000) }, vscode);
    assert.equal(large.status, 400);
    const twice = await idp.post(`${issuer}/v1/revoke`, new URLSearchParams('token=a&token=b'), vscode);
    assert.equal(twice.status, 400);
    const opaque = await idp.post(`${issuer}/v1/introspect`, { token: 'unknown' }, vscode);
    assert.deepEqual(opaque.body, { active: false });
  });

  test('token endpoint – app that accepts HTML – is refused in JSON all the same', async () => {
    for (const form of [{ grant_type: 'client_credentials' }, {}] as Record<string, string>[]) {
      const answer = await idp.post(tokenUrl, form, vscode, { accept: 'text/html' });
      assert.equal(answer.status, 400);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(typeof answer.body['error'], 'string');
    }
  });

  test('log – values from outside with line breaks – stay on one line', async () => {
    await idp.post(tokenUrl, { grant_type: 'x', client_id: 'a\nb\u001b[31m', client_secret: 'some-secret' });
    const refused = idp.log.filter(({ line }) => line === 'token refused').at(-1);
    assert.equal(refused?.fields['client'], 'a b [31m');
  });

  test('log – token refused – says client, grant, server, scopes, error and why', async () => {
    await idp.post(idp.server('backend').tokenUrl, { grant_type: 'client_credentials', scope: 'openid' }, service);
    const refused = idp.log.filter(({ line }) => line === 'token refused').at(-1);
    assert.deepEqual(
      { ...refused?.fields, requestId: 'x' },
      {
        server: 'backend',
        endpoint: 'token',
        grant: 'client_credentials',
        client: 'service',
        code: 'scope_unknown',
        scopes: 'openid',
        error: 'invalid_scope',
        reason: 'client credentials have no user, so no OpenID Connect scopes',
        requestId: 'x',
      },
    );
  });
});
