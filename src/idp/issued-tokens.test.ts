import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { claimsOf, startTestIdp, type TestIdp } from '../../test/kit/start-test-idp.ts';

describe('issued tokens', () => {
  let idp: TestIdp;
  before(async () => {
    idp = await startTestIdp();
  });
  after(async () => await idp[Symbol.asyncDispose]());

  test('userinfo – token with openid – tells who it is', async () => {
    const { body } = await idp.signIn('mcpserver');
    const answer = await idp.send(`${idp.server('mcpserver').issuer}/v1/userinfo`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.body, {
      sub: claimsOf(body['access_token'])['uid'],
      name: 'Alice Adams',
      preferred_username: 'alice@example.com',
      groups: ['Engineering'],
      email: 'alice@example.com',
      email_verified: true,
    });
  });

  test('userinfo – token without openid – 403 insufficient_scope', async () => {
    const { body } = await idp.signIn('mcpserver', { scope: 'mcp:tools:call' });
    const answer = await idp.send(`${idp.server('mcpserver').issuer}/v1/userinfo`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    assert.equal(answer.status, 403);
    assert.equal(answer.body['error'], 'insufficient_scope');
  });

  test('userinfo – the token’s jti or handle instead of the token – 401 invalid_token', async () => {
    const { body } = await idp.signIn('mcpserver');
    const jti = String(claimsOf(body['access_token'])['jti']);
    for (const value of [jti, jti.slice(3), `token:${jti.slice(3)}`, String(body['id_token'])]) {
      const answer = await idp.send(`${idp.server('mcpserver').issuer}/v1/userinfo`, {
        headers: { authorization: `Bearer ${value}` },
      });
      assert.equal(answer.status, 401);
      assert.equal(answer.body['error'], 'invalid_token');
    }
  });

  test('refresh token – offline_access – gives a new access token for the same user, and a public client a new one', async () => {
    const first = await idp.signIn('mcpserver', { scope: 'openid offline_access mcp:tools:call' });
    const refreshToken = String(first.body['refresh_token']);
    const form = { grant_type: 'refresh_token', client_id: 'demo', refresh_token: refreshToken };
    const second = await idp.post(idp.server('mcpserver').tokenUrl, form);
    assert.equal(second.status, 200, second.text);
    const [before_, after_] = [claimsOf(first.body['access_token']), claimsOf(second.body['access_token'])];
    assert.equal(after_['sub'], 'alice@example.com');
    assert.equal(after_['auth_time'], before_['auth_time']);
    assert.notEqual(after_['jti'], before_['jti']);
    assert.notEqual(second.body['refresh_token'], refreshToken);
    const again = await idp.post(idp.server('mcpserver').tokenUrl, form);
    assert.equal(again.status, 400);
    assert.deepEqual(again.body, {
      error: 'invalid_grant',
      error_description: 'The refresh token is invalid or expired.',
    });
  });

  test('refresh token – confidential client – stays the same', async () => {
    const options = {
      clientId: 'vscode',
      clientSecret: 'vscode-development-secret',
      redirectUri: 'http://127.0.0.1:33418',
    };
    const { body } = await idp.signIn('mcpserver', { ...options, scope: 'offline_access mcp:tools:call' });
    const refreshToken = String(body['refresh_token']);
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const again = await idp.post(idp.server('mcpserver').tokenUrl, form, 'vscode:vscode-development-secret');
    assert.equal(again.status, 200, again.text);
    assert.equal(again.body['refresh_token'], refreshToken);
  });

  test('introspection – live token – tells Okta’s members; another server’s is inactive', async () => {
    const { body } = await idp.signIn('mcpserver');
    const claims = claimsOf(body['access_token']);
    const form = { token: String(body['access_token']) };
    const answer = await idp.post(
      `${idp.server('mcpserver').issuer}/v1/introspect`,
      form,
      'vscode:vscode-development-secret',
    );
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.body, {
      active: true,
      token_type: 'Bearer',
      scope: 'openid profile email mcp:tools:call',
      client_id: 'demo',
      username: 'alice@example.com',
      exp: claims['exp'],
      iat: claims['iat'],
      sub: 'alice@example.com',
      aud: 'mcpserver',
      iss: claims['iss'],
      jti: claims['jti'],
      uid: claims['uid'],
    });
    const elsewhere = await idp.post(
      `${idp.server('backend').issuer}/v1/introspect`,
      form,
      'vscode:vscode-development-secret',
    );
    assert.deepEqual(elsewhere.body, { active: false });
  });

  test('introspection – token with another signature – is inactive', async () => {
    const { body } = await idp.signIn('mcpserver');
    const other = await idp.signIn('mcpserver');
    const parts = String(body['access_token']).split('.');
    const forged = [parts[0], parts[1], String(other.body['access_token']).split('.')[2]].join('.');
    const url = `${idp.server('mcpserver').issuer}/v1/introspect`;
    const answer = await idp.post(url, { token: forged }, 'vscode:vscode-development-secret');
    assert.deepEqual(answer.body, { active: false });
  });

  test('revocation – access token – makes it inactive and useless at userinfo', async () => {
    const { body } = await idp.signIn('mcpserver');
    const token = String(body['access_token']);
    const { issuer } = idp.server('mcpserver');
    const revoked = await idp.post(`${issuer}/v1/revoke`, { client_id: 'demo', token });
    assert.equal(revoked.status, 200, revoked.text);
    const introspected = await idp.post(`${issuer}/v1/introspect`, { token }, 'vscode:vscode-development-secret');
    assert.deepEqual(introspected.body, { active: false });
    const userinfo = await idp.send(`${issuer}/v1/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(userinfo.status, 401);
  });

  test('revocation – token of another client – leaves it alive', async () => {
    const { body } = await idp.signIn('mcpserver');
    const token = String(body['access_token']);
    const { issuer } = idp.server('mcpserver');
    await idp.post(`${issuer}/v1/revoke`, { token }, 'vscode:vscode-development-secret');
    const introspected = await idp.post(`${issuer}/v1/introspect`, { token }, 'vscode:vscode-development-secret');
    assert.equal(introspected.body['active'], true);
  });

  test('code – used twice – the second is refused and the token of the first revoked', async () => {
    const { callback, verifier, redirectUri } = await idp.authorize('mcpserver');
    const form = {
      grant_type: 'authorization_code',
      client_id: 'demo',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: verifier,
    };
    const { issuer, tokenUrl } = idp.server('mcpserver');
    const first = await idp.post(tokenUrl, form);
    const second = await idp.post(tokenUrl, form);
    assert.equal(second.status, 400);
    assert.deepEqual(second.body, {
      error: 'invalid_grant',
      error_description: 'The authorization code is invalid or has expired.',
    });
    const form2 = { token: String(first.body['access_token']) };
    const introspected = await idp.post(`${issuer}/v1/introspect`, form2, 'vscode:vscode-development-secret');
    assert.deepEqual(introspected.body, { active: false });
  });
});

test('refresh token – rule with lifetime and window – lives no longer than the shorter', async () => {
  await using idp = await startTestIdp((seed) =>
    seed.servers[0]?.policies.forEach((policy) =>
      policy.rules.forEach((rule) => {
        rule['refreshTokenLifetimeMinutes'] = 20;
        rule['refreshTokenWindowMinutes'] = 10;
      }),
    ),
  );
  const { body } = await idp.signIn('mcpserver', { scope: 'offline_access mcp:tools:call' });
  const url = `${idp.server('mcpserver').issuer}/v1/introspect`;
  const answer = await idp.post(url, { token: String(body['refresh_token']) }, 'vscode:vscode-development-secret');
  assert.equal(answer.body['active'], true, answer.text);
  assert.equal(Number(answer.body['exp']) - Number(answer.body['iat']), 600);
});
