import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { importJWK, SignJWT, type JWK } from 'jose';
import { claimsOf, headerOf, startTestIdp, type IdpAnswer, type TestIdp } from '../../test/kit/start-test-idp.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const gateway = 'gateway:gateway-development-secret';
const policyFailed = {
  error: 'access_denied',
  error_description: 'Policy evaluation failed for this request, please check the policy configurations.',
};

describe('token exchange', () => {
  let idp: TestIdp;
  let subjectToken: string;

  before(async () => {
    idp = await startTestIdp((seed) => {
      seed.servers.push({
        id: 'distrustful',
        name: 'Trusts nobody',
        scheme: 'https',
        audience: 'distrustful',
        scopes: [{ name: 'x:read' }, { name: 'x:write' }],
        policies: [
          {
            clients: ['gateway'],
            name: 'Gateway',
            rules: [{ name: 'Exchange', grantTypes: [exchangeGrant], scopes: '*' }],
          },
        ],
      });
      const backend = seed.servers[1];
      if (backend !== undefined) backend['scopes'] = [{ name: 'backend-api:read' }, { name: 'backend-api:write' }];
      seed.apps.push({
        clientId: 'other-gateway',
        clientSecret: 'other-gateway-secret',
        label: 'Gateway without a policy',
        type: 'service',
        grantTypes: [exchangeGrant],
      });
    });
    subjectToken = String((await idp.signIn('mcpserver')).body['access_token']);
  });
  after(async () => await idp[Symbol.asyncDispose]());

  /** An exchange as it should be, with what is to be different. */
  async function exchange(
    change: Readonly<Record<string, string | undefined>> = {},
    credentials = gateway,
  ): Promise<IdpAnswer> {
    const form = {
      grant_type: exchangeGrant,
      subject_token: subjectToken,
      subject_token_type: accessTokenType,
      audience: 'backend',
      scope: 'backend-api:read',
      ...change,
    };
    const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return await idp.post(idp.server('backend').tokenUrl, Object.fromEntries(sent), credentials);
  }

  test('exchange – token of a trusted server – answers with the members Okta has', async () => {
    const { status, headers, body } = await exchange();
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.deepEqual(
      { ...body, access_token: 'x' },
      {
        token_type: 'Bearer',
        expires_in: 3600,
        access_token: 'x',
        scope: 'backend-api:read',
        issued_token_type: accessTokenType,
      },
    );
  });

  test('exchanged token – the same user – is the target server’s, issued to the gateway, without act', async () => {
    const { body } = await exchange();
    const [before_, after_] = [claimsOf(subjectToken), claimsOf(body['access_token'])];
    assert.deepEqual(Object.keys(headerOf(body['access_token'])), ['kid', 'alg']);
    assert.equal(after_['iss'], idp.server('backend').issuer);
    assert.equal(after_['aud'], 'backend');
    assert.equal(after_['cid'], 'gateway');
    assert.deepEqual(after_['scp'], ['backend-api:read']);
    assert.equal(after_['sub'], before_['sub']);
    assert.equal(after_['uid'], before_['uid']);
    assert.equal(after_['act'], undefined);
  });

  test('exchanged token – Okta’s own verifier – accepts it over https', async () => {
    const { body } = await exchange();
    const script = `
      import OktaJwtVerifier from '@okta/jwt-verifier';
      const verifier = new OktaJwtVerifier({ issuer: process.env.ISSUER });
      const { claims } = await verifier.verifyAccessToken(process.env.TOKEN, 'backend');
      console.log(JSON.stringify(claims));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: {
        ...process.env,
        NODE_EXTRA_CA_CERTS: idp.idp.caFile,
        ISSUER: idp.server('backend').issuer,
        TOKEN: String(body['access_token']),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.match(out, /"sub":"alice@example.com"/, err);
  });

  test('exchange – secret in the body – is as good as Basic', async () => {
    const form = {
      grant_type: exchangeGrant,
      client_id: 'gateway',
      client_secret: 'gateway-development-secret',
      subject_token: subjectToken,
      subject_token_type: accessTokenType,
      audience: 'backend',
      scope: 'backend-api:read',
    };
    assert.equal((await idp.post(idp.server('backend').tokenUrl, form)).status, 200);
  });

  test('exchange – token of the same server – is taken', async () => {
    const first = await exchange();
    const again = await exchange({ subject_token: String(first.body['access_token']) });
    assert.equal(again.status, 200, again.text);
    assert.equal(claimsOf(again.body['access_token'])['sub'], 'alice@example.com');
  });

  test('introspection – exchanged token – is active for the gateway', async () => {
    const { body } = await exchange();
    const url = `${idp.server('backend').issuer}/v1/introspect`;
    const answer = await idp.post(url, { token: String(body['access_token']) }, gateway);
    assert.equal(answer.body['active'], true);
    assert.equal(answer.body['username'], 'alice@example.com');
  });

  test('exchange – server that does not trust the issuer – subject_token is invalid', async () => {
    const answer = await idp.post(
      idp.server('distrustful').tokenUrl,
      {
        grant_type: exchangeGrant,
        subject_token: subjectToken,
        subject_token_type: accessTokenType,
        audience: 'distrustful',
        scope: 'x:read',
      },
      gateway,
    );
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { error: 'invalid_request', error_description: "'subject_token' is invalid." });
    assert.match(
      String(idp.log.at(-1)?.fields['reason']),
      /^server distrustful does not trust the issuer http:.*\/oauth2\/mcpserver$/,
    );
  });

  test('exchange – what is no access token of a trusted server – subject_token is invalid', async () => {
    const signedIn = await idp.signIn('mcpserver');
    const [header, payload] = subjectToken.split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const otherSignature = `${header}.${payload}.${String(signedIn.body['access_token']).split('.')[2]}`;
    const bad = ['', 'opaque', none, otherSignature, String(signedIn.body['id_token'])];
    for (const token of bad) {
      const answer = await exchange({ subject_token: token });
      assert.equal(answer.status, 400);
      assert.deepEqual(answer.body, { error: 'invalid_request', error_description: "'subject_token' is invalid." });
    }
  });

  test('exchange – revoked subject token – subject_token is invalid', async () => {
    const { body } = await idp.signIn('mcpserver');
    const token = String(body['access_token']);
    await idp.post(`${idp.server('mcpserver').issuer}/v1/revoke`, { client_id: 'demo', token });
    const answer = await exchange({ subject_token: token });
    assert.equal(answer.status, 400);
    assert.equal(answer.body['error_description'], "'subject_token' is invalid.");
  });

  test('exchange – expired subject token – subject token is invalid', async () => {
    const keys = JSON.parse(await readFile(join(idp.stateDir, 'keys', 'mcpserver.json'), 'utf8')) as { current: JWK };
    const now = Math.floor(Date.now() / 1000);
    const expired = await new SignJWT({ ...claimsOf(subjectToken), iat: now - 60, exp: now - 30 })
      .setProtectedHeader({ alg: 'RS256', kid: keys.current.kid ?? '' })
      .sign(await importJWK(keys.current, 'RS256'));
    const answer = await exchange({ subject_token: expired });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { error: 'invalid_grant', error_description: 'subject token is invalid.' });
  });

  test('exchange – other audience than the server’s – invalid_target', async () => {
    for (const audience of ['mcpserver', undefined]) {
      const answer = await exchange({ audience });
      assert.equal(answer.status, 400);
      assert.equal(answer.body['error'], 'invalid_target');
    }
  });

  test('exchange – other subject_token_type – invalid_request', async () => {
    const answer = await exchange({ subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { error: 'invalid_request', error_description: "'subject_token_type' is invalid." });
  });

  test('exchange – actor token or other requested type – invalid_request, not read over', async () => {
    for (const change of [
      { actor_token: subjectToken, actor_token_type: accessTokenType },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    ]) {
      const answer = await exchange(change);
      assert.equal(answer.status, 400);
      assert.equal(answer.body['error'], 'invalid_request');
    }
  });

  test('exchange – scope the server does not have – invalid_scope', async () => {
    const answer = await exchange({ scope: 'backend-api:read nothing:here' });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      error: 'invalid_scope',
      error_description: 'One or more scopes are not configured for the authorization server resource.',
    });
  });

  test('exchange – one of two scopes not granted by the rule – fails as a whole', async () => {
    const answer = await exchange({ scope: 'backend-api:read backend-api:write' });
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, policyFailed);
    assert.equal(answer.headers.get('www-authenticate'), null);
  });

  test('exchange – no scope – No scopes were requested', async () => {
    const answer = await exchange({ scope: undefined });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { error: 'invalid_scope', error_description: 'No scopes were requested.' });
  });

  test('exchange – OpenID scopes – are refused', async () => {
    for (const scope of ['openid', 'backend-api:read offline_access']) {
      const answer = await exchange({ scope });
      assert.equal(answer.status, 400);
      assert.equal(answer.body['error'], 'invalid_scope');
    }
  });

  test('exchange – client without a policy – policy evaluation failed', async () => {
    const answer = await exchange({}, 'other-gateway:other-gateway-secret');
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, policyFailed);
    assert.equal(
      idp.log.at(-1)?.fields['reason'],
      `no active policy rule of server backend grants ${exchangeGrant} with scopes [backend-api:read] to client other-gateway for alice@example.com`,
    );
  });

  test('exchange – grant that is not ticked at the app – unauthorized_client', async () => {
    const answer = await exchange({}, 'vscode:vscode-development-secret');
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      error: 'unauthorized_client',
      error_description:
        'The client is not authorized to use the provided grant type. Configured grant types: [authorization_code, refresh_token].',
    });
  });
});

test('exchange – rule or policy switched off – policy evaluation failed', async (t) => {
  // One folder for all, so that keys and certificates are made once.
  const stateDir = await mkdtemp(join(tmpdir(), 'usher-idp-'));
  t.after(() => rm(stateDir, { recursive: true }));
  const variants: readonly ((policy: { active?: boolean; rules: Record<string, unknown>[] }) => void)[] = [
    (policy) => void (policy.active = false),
    (policy) => policy.rules.forEach((rule) => (rule['active'] = false)),
    (policy) => policy.rules.forEach((rule) => (rule['grantTypes'] = ['client_credentials'])),
    (policy) => policy.rules.forEach((rule) => (rule['people'] = { users: ['bob@example.com'] })),
    (policy) => void (policy.rules = []),
  ];
  for (const change of variants) {
    await using idp = await startTestIdp((seed) => seed.servers[1]?.policies.forEach(change), { stateDir });
    const subject = await idp.signIn('mcpserver');
    const answer = await idp.post(
      idp.server('backend').tokenUrl,
      {
        grant_type: exchangeGrant,
        subject_token: String(subject.body['access_token']),
        subject_token_type: accessTokenType,
        audience: 'backend',
        scope: 'backend-api:read',
      },
      gateway,
    );
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, policyFailed);
  }
});

test('exchange – rule with another lifetime – gives the token that lifetime', async () => {
  await using idp = await startTestIdp((seed) =>
    seed.servers[1]?.policies.forEach((policy) =>
      policy.rules.forEach((rule) => (rule['accessTokenLifetimeMinutes'] = 5)),
    ),
  );
  const subject = await idp.signIn('mcpserver');
  const { body } = await idp.post(
    idp.server('backend').tokenUrl,
    {
      grant_type: exchangeGrant,
      subject_token: String(subject.body['access_token']),
      subject_token_type: accessTokenType,
      audience: 'backend',
      scope: 'backend-api:read',
    },
    gateway,
  );
  const { iat, exp } = claimsOf(body['access_token']);
  assert.equal(body['expires_in'], 300);
  assert.equal(Number(exp) - Number(iat), 300);
});
