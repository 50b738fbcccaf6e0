import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertAllProvoked, knownRefusalOf } from '../../../../test/kit/known-refusal-of.ts';
import {
  claimsOf,
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
    ['auth0-delegation-too-deep', () => exchangeOften(5)],
    ['auth0-client-unauthorized', () => exchange({}, 'gateway:wrong')],
    ['auth0-client-unknown', () => exchange({}, 'nobody:secret')],
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
    ['auth0-dpop', { requireDpop: true }],
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

  test('the catalogue – all of it that the imitation can give – was provoked', () => {
    assertAllProvoked('auth0', provoked, {
      'auth0-mfa-required': 'a seed has no Actions',
      'auth0-rate-limit': 'nothing is limited',
    });
  });
});
