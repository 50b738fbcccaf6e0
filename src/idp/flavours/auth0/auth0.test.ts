import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertAllProvoked, knownRefusalOf } from '../../../../test/kit/known-refusal-of.ts';
import {
  claimsOf,
  headerOf,
  startTestIdp,
  type IdpAnswer,
  type SeedData,
  type TestIdp,
} from '../../../../test/kit/start-test-idp.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const gateway = 'gateway:gateway-development-secret';
const firstApi = 'http://localhost:8000/mcp';
const backend = 'https://countries.example.com';
const signInRequest = { scope: 'openid profile mcp:tools:call unknown:scope', params: { audience: firstApi } };
const app = {
  label: 'Another',
  type: 'service',
  clientSecret: 'another-development-secret',
  grantTypes: [exchangeGrant],
};

const exchangeForm = {
  grant_type: exchangeGrant,
  subject_token_type: accessTokenType,
  requested_token_type: accessTokenType,
  audience: backend,
};

describe('usher idp --flavour auth0', () => {
  let idp: TestIdp;
  let subjectToken: string;

  before(async () => {
    idp = await startTestIdp(
      (seed) => {
        seed.apps.push(
          { ...app, clientId: 'stranger', api: 'backend' },
          { ...app, clientId: 'ungranted', api: 'mcpserver' },
          { ...app, clientId: 'unticked', api: 'mcpserver', grantTypes: ['client_credentials'] },
          { ...app, clientId: 'chain', api: 'backend' },
          { ...app, clientId: 'reader', api: 'mcpserver' },
          { ...app, clientId: 'key', api: 'mcpserver', authenticatesBy: 'key' },
        );
        seed.users.push(
          { login: 'blocked@example.com', password: 'blocked', name: 'Blocked', disabled: true },
          { login: 'carol@example.com', password: 'carol', name: 'Carol', permissions: ['rbac:read'] },
        );
        const reading = { name: 'Read', grantTypes: [exchangeGrant], scopes: ['rbac:read'] };
        const all = { name: 'All', grantTypes: [exchangeGrant, 'authorization_code'], scopes: '*' };
        const inRbac = { scheme: 'http', scopes: [{ name: 'rbac:read' }, { name: 'rbac:write' }], rbac: true };
        seed.servers.push(
          {
            ...inRbac,
            id: 'rbac',
            name: 'RBAC',
            audience: 'https://rbac.example.com',
            policies: [{ name: 'All', clients: ['gateway', 'demo'], rules: [all] }],
          },
          {
            ...inRbac,
            rbac: false,
            id: 'read',
            name: 'Read only',
            audience: 'https://read.example.com',
            policies: [{ name: 'Reader', clients: ['reader'], rules: [reading] }],
          },
          {
            ...inRbac,
            id: 'mfa',
            name: 'Strict',
            audience: 'https://strict.example.com',
            multifactor: true,
            policies: [{ name: 'All', clients: ['gateway'], rules: [all] }],
          },
          {
            ...inRbac,
            id: 'secret',
            name: 'Signs with a secret',
            audience: 'https://secret.example.com',
            signingAlgorithm: 'HS256',
            policies: [{ name: 'All', clients: ['demo'], rules: [all] }],
          },
        );
        const rule = { name: 'Chain', grantTypes: [exchangeGrant], scopes: '*' };
        seed.servers[1]?.policies.push({ name: 'Chain', clients: ['chain'], rules: [rule] });
        seed.servers.push({
          id: 'ofBob',
          name: 'Of Bob',
          scheme: 'http',
          audience: 'https://bob.example.com',
          scopes: [{ name: 'bob:read' }],
          policies: [
            {
              name: 'Gateway',
              clients: ['gateway'],
              rules: [
                { name: 'Bob', grantTypes: [exchangeGrant], scopes: '*', people: { users: ['bob@example.com'] } },
              ],
            },
          ],
        });
      },
      { flavour: 'auth0' },
    );
    subjectToken = String((await idp.signIn('mcpserver', signInRequest)).body['access_token']);
  });
  after(async () => await idp[Symbol.asyncDispose]());

  async function exchange(
    change: Readonly<Record<string, string | undefined>> = {},
    credentials = gateway,
  ): Promise<IdpAnswer> {
    const form = { ...exchangeForm, subject_token: subjectToken, ...change };
    const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return await idp.post(idp.server('backend').tokenUrl, Object.fromEntries(sent), credentials);
  }

  test('sign-in – the token – has Auth0’s claims: an issuer with a slash, userinfo as second audience', () => {
    const claims = claimsOf(subjectToken);
    const issuer = `${idp.idp.httpUrl}/`;
    assert.deepEqual(
      [claims['iss'], claims['aud'], claims['azp'], claims['scope']],
      [issuer, [firstApi, `${issuer}userinfo`], 'demo', 'openid profile mcp:tools:call'],
    );
    assert.match(String(claims['sub']), /^auth0\|[0-9a-f]{24}$/);
    assert.equal(Number(claims['exp']) - Number(claims['iat']), 86_400);
  });

  test('sign-in – resource instead of audience – is taken for it', async () => {
    const answer = await idp.signIn('mcpserver', { scope: 'mcp:tools:call', params: { resource: firstApi } });
    assert.equal(claimsOf(answer.body['access_token'])['aud'], firstApi);
  });

  test('sign-in – no audience – a token that nobody but Auth0 can read', async () => {
    const { body } = await idp.signIn('mcpserver', { scope: 'openid mcp:tools:call' });
    const token = String(body['access_token']);
    assert.equal(token.split('.').length, 5);
    assert.deepEqual(headerOf(token), { iss: `${idp.idp.httpUrl}/`, alg: 'dir', enc: 'A256GCM' });
    assert.equal(body['scope'], 'openid');
  });

  test('sign-in – resource, and the profile for it is off – means nothing: the same', async () => {
    const bend = (seed: SeedData) => void Object.assign(seed, { resourceParameter: false });
    await using other = await startTestIdp(bend, { flavour: 'auth0' });
    const { body } = await other.signIn('mcpserver', { scope: 'openid', params: { resource: firstApi } });
    assert.equal(headerOf(body['access_token'])['enc'], 'A256GCM');
  });

  test('sign-in – for an API that signs with a secret – HS256', async () => {
    const params = { audience: 'https://secret.example.com' };
    const { body } = await idp.signIn('secret', { scope: 'rbac:read', params });
    assert.equal(headerOf(body['access_token'])['alg'], 'HS256');
  });

  test('RBAC – at sign-in and exchange – what the user has no permission for is left out without a word', async () => {
    const params = { audience: 'https://rbac.example.com' };
    const ask = (user: string) => idp.signIn('rbac', { user, scope: 'openid rbac:read rbac:write', params });
    const [carol, alice] = await Promise.all([ask('carol'), ask('alice')]);
    assert.deepEqual([carol.body['scope'], alice.body['scope']], ['openid rbac:read', 'openid']);
    assert.equal(claimsOf(carol.body['access_token'])['scope'], 'openid rbac:read');
    const answer = await exchange({ audience: params.audience });
    assert.deepEqual([answer.status, answer.body['scope']], [200, ''], answer.text);
  });

  test('sign-in – of a user who is blocked – the client is told', async () => {
    const { callback } = await idp.authorize('mcpserver', { ...signInRequest, user: 'blocked' });
    const { searchParams } = callback;
    assert.deepEqual(
      [searchParams.get('error'), searchParams.get('error_description'), searchParams.get('code')],
      ['unauthorized', 'user is blocked', null],
    );
  });

  test('exchange – as Auth0 wants it – the same user, and who acts for them in act', async () => {
    const answer = await exchange({ scope: 'backend-api:read unknown:scope' });
    assert.equal(answer.status, 200, answer.text);
    const claims = claimsOf(answer.body['access_token']);
    assert.deepEqual(
      [claims['aud'], claims['azp'], claims['scope'], claims['sub'], claims['act']],
      [backend, 'gateway', 'backend-api:read', claimsOf(subjectToken)['sub'], { sub: 'gateway', act: { sub: 'demo' } }],
    );
    assert.equal(answer.body['scope'], 'backend-api:read', 'what there is not is left out');
    assert.equal(answer.body['issued_token_type'], accessTokenType);
  });

  test('exchange – as JSON, as its documentation does it – is taken', async () => {
    const [clientId = '', secret = ''] = gateway.split(':');
    const answer = await idp.send(idp.server('backend').tokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...exchangeForm,
        subject_token: subjectToken,
        client_id: clientId,
        client_secret: secret,
      }),
    });
    assert.equal(answer.status, 200, answer.text);
  });

  test('metadata – both forms at the root', async () => {
    for (const form of ['openid-configuration', 'oauth-authorization-server']) {
      const { body } = await idp.send(`${idp.idp.httpUrl}/.well-known/${form}`);
      assert.deepEqual([body['issuer'], body['jwks_uri']], [`${idp.idp.httpUrl}/`, idp.server('backend').jwksUrl]);
    }
  });

  /** A token that went through so many hands. */
  async function exchangeOften(times: number): Promise<IdpAnswer> {
    let answer = await exchange();
    for (let count = 1; count < times; count += 1)
      answer = await exchange(
        { subject_token: String(answer.body['access_token']) },
        'chain:another-development-secret',
      );
    return answer;
  }

  const provoked = new Set<string>();
  const rows: readonly (readonly [id: string, provoke: () => Promise<IdpAnswer>])[] = [
    ['auth0-grant-not-allowed', () => exchange({}, 'unticked:another-development-secret')],
    ['auth0-client-grant-missing', () => exchange({}, 'ungranted:another-development-secret')],
    ['auth0-scope-not-granted', () => exchange({ audience: 'https://bob.example.com' })],
    ['auth0-api-unknown', () => exchange({ audience: 'https://nobody.example.com' })],
    ['auth0-token-types', () => exchange({ requested_token_type: undefined })],
    ['auth0-subject-token-invalid', () => exchange({ subject_token: 'garbage' })],
    ['auth0-subject-token-invalid', () => exchange({}, 'stranger:another-development-secret')],
    ['auth0-delegation-too-deep', () => exchangeOften(4)],
    ['auth0-client-unauthorized', () => exchange({}, 'gateway:wrong')],
    ['auth0-client-unknown', () => exchange({}, 'nobody:secret')],
    ['auth0-client-unauthorized', () => exchange({}, 'key:another-development-secret')],
    ['auth0-audience-missing', () => exchange({ audience: undefined })],
    [
      'auth0-scope-not-granted',
      () =>
        exchange(
          { audience: 'https://read.example.com', scope: 'rbac:read rbac:write' },
          'reader:another-development-secret',
        ),
    ],
    ['auth0-mfa-required', () => exchange({ audience: 'https://strict.example.com' })],
  ];
  for (const [index, [id, provoke]] of rows.entries()) {
    test(`refusal ${index + 1}, ${id} – the catalogue – knows it`, async () => {
      const answer = await provoke();
      assert.equal(knownRefusalOf('auth0', answer), id, answer.text);
      provoked.add(id);
    });
  }

  for (const [id, change] of [
    ['auth0-consent-required', { consent: 'required' }],
    ['auth0-dpop-required', { requireDpop: true }],
  ] as const) {
    test(`refusal by the application’s settings, ${id} – the catalogue – knows it`, async () => {
      const bend = (seed: SeedData) =>
        void Object.assign(seed.apps.find(({ clientId }) => clientId === 'gateway') ?? {}, change);
      await using other = await startTestIdp(bend, { flavour: 'auth0' });
      const token = String((await other.signIn('mcpserver', signInRequest)).body['access_token']);
      const answer = await other.post(
        other.server('backend').tokenUrl,
        { ...exchangeForm, subject_token: token },
        gateway,
      );
      assert.equal(knownRefusalOf('auth0', answer), id, answer.text);
      provoked.add(id);
    });
  }

  for (const [id, change] of [
    ['auth0-action-denied', { actionDenies: 'Not from this network.' }],
    ['auth0-rate-limit', { tokenRequestsPerMinute: 1 }],
    ['auth0-user-blocked', { users: [{ login: 'alice@example.com', password: 'x', name: 'Alice', disabled: true }] }],
  ] as const) {
    test(`refusal by the tenant’s settings, ${id} – the catalogue – knows it`, async () => {
      await using first = await startTestIdp(undefined, { flavour: 'auth0' });
      const token = String((await first.signIn('mcpserver', signInRequest)).body['access_token']);
      const bend = (seed: SeedData) => void Object.assign(seed, change);
      // The same keys, another set-up.
      await using other = await startTestIdp(bend, { flavour: 'auth0', stateDir: first.stateDir });
      const ask = () =>
        other.post(other.server('backend').tokenUrl, { ...exchangeForm, subject_token: token }, gateway);
      if (id === 'auth0-rate-limit') assert.equal((await ask()).status, 200, 'the first is taken');
      const answer = await ask();
      assert.equal(knownRefusalOf('auth0', answer), id, answer.text);
      provoked.add(id);
    });
  }

  test('the catalogue – all of it that the imitation can give – was provoked', () => {
    assertAllProvoked('auth0', provoked, {
      'auth0-suspicious-ip': 'addresses are not told apart',
      'auth0-registration-off': 'provoked in registration.test.ts',
      'auth0-dpop': 'provoked in dpop.test.ts',
      'auth0-dpop-nonce': 'provoked in dpop.test.ts',
      'auth0-dpop-api-off': 'provoked in dpop.test.ts',
      'auth0-dpop-clock': 'provoked in dpop.test.ts',
      'auth0-dpop-url': 'provoked in dpop.test.ts',
    });
  });
});
