import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeDpopClient } from '../../../../test/kit/dpop-client.ts';
import { assertAllProvoked, knownRefusalOf } from '../../../../test/kit/known-refusal-of.ts';
import { claimsOf, headerOf, startTestIdp, type IdpAnswer, type TestIdp } from '../../../../test/kit/start-test-idp.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const gateway = 'mcpserver:gateway-development-secret';
const app = {
  label: 'Another',
  type: 'service',
  clientSecret: 'another-development-secret',
  grantTypes: [exchangeGrant],
};

describe('usher idp --flavour keycloak', () => {
  let idp: TestIdp;
  let signedIn: IdpAnswer;
  let subjectToken: string;

  before(async () => {
    idp = await startTestIdp(
      (seed) => {
        const scopes = [{ name: 'backend-api:read' }, { name: 'backend-api:write' }, { name: 'backend-api:admin' }];
        const backend = seed.servers[1];
        if (backend !== undefined) backend['scopes'] = scopes;
        backend?.policies[0]?.rules.push({
          name: 'Role',
          grantTypes: [exchangeGrant],
          people: { users: ['bob@example.com'] },
          scopes: ['backend-api:admin'],
        });
        seed.servers.push({
          id: 'other',
          name: 'Other',
          scheme: 'http',
          audience: 'other',
          scopes: [{ name: 'other:read' }],
          policies: [],
        });
        seed.apps.push(
          { ...app, clientId: 'stranger' },
          { ...app, clientId: 'unticked', grantTypes: ['client_credentials'] },
          { ...app, clientId: 'public', publicClient: true },
        );
      },
      { flavour: 'keycloak' },
    );
    signedIn = await idp.signIn('mcpserver', { scope: 'openid profile email mcp:tools:call' });
    subjectToken = String(signedIn.body['access_token']);
  });
  after(async () => await idp[Symbol.asyncDispose]());

  /** An exchange as it should be, with what is to be different. */
  async function exchange(
    change: Readonly<Record<string, string | undefined>> = {},
    credentials = gateway,
    url = idp.server('backend').tokenUrl,
    headers: Record<string, string> = {},
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
    return await idp.post(url, Object.fromEntries(sent), credentials, headers);
  }

  test('sign-in – the token – has Keycloak’s claims: azp, one text of scopes, a user by UUID', () => {
    const claims = claimsOf(subjectToken);
    assert.equal(claims['iss'], `${idp.idp.httpUrl}/realms/countries`);
    assert.equal(claims['aud'], 'mcpserver');
    assert.equal(claims['azp'], 'demo');
    assert.equal(claims['scope'], 'openid profile email mcp:tools:call');
    assert.equal(claims['typ'], 'Bearer');
    assert.equal(claims['preferred_username'], 'alice@example.com');
    assert.match(String(claims['sub']), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(headerOf(subjectToken)['typ'], 'JWT');
    assert.equal(Number(claims['exp']) - Number(claims['iat']), 300);
  });

  test('exchange – as Keycloak wants it – the same user and session, audience and scope of the target, azp of the gateway', async () => {
    const answer = await exchange();
    assert.equal(answer.status, 200, answer.text);
    const [first, second] = [claimsOf(subjectToken), claimsOf(answer.body['access_token'])];
    assert.deepEqual(
      [second['iss'], second['aud'], second['scope'], second['azp'], second['act']],
      [first['iss'], 'backend', 'backend-api:read', 'mcpserver', undefined],
    );
    assert.deepEqual([second['sub'], second['sid']], [first['sub'], first['sid']]);
    assert.equal(answer.body['issued_token_type'], accessTokenType);
    assert.equal(answer.body['not-before-policy'], 0);
  });

  test('exchange – resource and actor_token – are read over', async () => {
    const answer = await exchange({ resource: 'https://elsewhere.example', actor_token: 'x', actor_token_type: 'y' });
    assert.equal(answer.status, 200, answer.text);
  });

  test('sign-in – a scope that the client does not have – goes back to it as invalid_scope', async () => {
    const { callback } = await idp.authorize('mcpserver', { scope: 'openid mcp:tools:call other:read' });
    assert.equal(callback.searchParams.get('error'), 'invalid_scope');
  });

  test('metadata – RFC 8414’s form inserted and appended, OpenID’s appended only', async () => {
    const { httpUrl } = idp.idp;
    const answers = await Promise.all(
      [
        '/realms/countries/.well-known/openid-configuration',
        '/realms/countries/.well-known/oauth-authorization-server',
        '/.well-known/oauth-authorization-server/realms/countries',
        '/.well-known/openid-configuration/realms/countries',
      ].map((path) => idp.send(`${httpUrl}${path}`)),
    );
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body['issuer']]),
      [...[0, 1, 2].map(() => [200, `${httpUrl}/realms/countries`]), [404, undefined]],
    );
    assert.equal(answers[0]?.body['token_endpoint'], idp.server('backend').tokenUrl);
  });

  /** An exchange with a proof that is bent. */
  async function prove(claims: Readonly<Record<string, unknown>>): Promise<IdpAnswer> {
    const url = idp.server('backend').tokenUrl;
    return await exchange({}, gateway, url, { dpop: makeDpopClient().proof({ url }, { claims }) });
  }

  const provoked = new Set<string>();
  const idToken = 'urn:ietf:params:oauth:token-type:id_token';
  const rows: readonly (readonly [id: string, provoke: () => Promise<IdpAnswer>])[] = [
    ['keycloak-exchange-off', () => exchange({}, 'unticked:another-development-secret')],
    ['keycloak-exchange-unsupported', () => exchange({ grant_type: 'urn:example:other' })],
    ['keycloak-not-in-audience', () => exchange({}, 'stranger:another-development-secret')],
    ['keycloak-audience-not-available', () => exchange({ scope: undefined })],
    ['keycloak-audience-not-available', () => exchange({ scope: 'backend-api:admin' })],
    ['keycloak-audience-unknown', () => exchange({ audience: 'nobody' })],
    ['keycloak-scope-invalid', () => exchange({ scope: 'backend-api:none' })],
    ['keycloak-scope-invalid', () => exchange({ scope: 'backend-api:write' })],
    ['keycloak-subject-token-invalid', () => exchange({ subject_token: 'garbage' })],
    ['keycloak-subject-token-invalid', () => exchange({ subject_token: String(signedIn.body['id_token']) })],
    ['keycloak-subject-token-type', () => exchange({ subject_token_type: idToken })],
    ['keycloak-requested-token-type', () => exchange({ requested_token_type: 'urn:ietf:params:oauth:token-type:jwt' })],
    ['keycloak-legacy-parameter', () => exchange({ requested_subject: 'bob' })],
    ['keycloak-public-client', () => exchange({}, 'public:another-development-secret')],
    ['keycloak-dpop-clock', () => prove({ iat: Math.floor(Date.now() / 1000) + 60 })],
    ['keycloak-dpop-url', () => prove({ htu: 'http://127.0.0.1/token' })],
    ['keycloak-secret-wrong', () => exchange({}, 'mcpserver:wrong')],
    ['keycloak-client-unknown', () => exchange({}, 'nobody:secret')],
    [
      'keycloak-realm-unknown',
      () => exchange({}, gateway, `${idp.idp.httpUrl}/realms/other/protocol/openid-connect/token`),
    ],
  ];
  for (const [index, [id, provoke]] of rows.entries()) {
    test(`refusal ${index + 1}, ${id} – the catalogue – knows it`, async () => {
      const answer = await provoke();
      assert.equal(knownRefusalOf('keycloak', answer), id, answer.text);
      provoked.add(id);
    });
  }

  for (const [id, change] of [
    ['keycloak-consent-missing', { consent: 'required' }],
    ['keycloak-sender-constrained', { requireDpop: true }],
  ] as const) {
    test(`refusal by the client’s settings, ${id} – the catalogue – knows it`, async () => {
      await using other = await startTestIdp(
        (seed) => void Object.assign(seed.apps.find(({ clientId }) => clientId === 'mcpserver') ?? {}, change),
        { flavour: 'keycloak' },
      );
      const token = String((await other.signIn('mcpserver')).body['access_token']);
      const form = {
        grant_type: exchangeGrant,
        subject_token: token,
        subject_token_type: accessTokenType,
        audience: 'backend',
        scope: 'backend-api:read',
      };
      const answer = await other.post(other.server('backend').tokenUrl, form, gateway);
      assert.equal(knownRefusalOf('keycloak', answer), id, answer.text);
      provoked.add(id);
    });
  }

  test('the catalogue – all of it that the imitation can give – was provoked', () => {
    assertAllProvoked('keycloak', provoked, {
      'keycloak-bearer-only': 'a seed has no such apps',
      'keycloak-client-authentication': 'a seed has no apps with keys',
      'keycloak-audience-disabled': 'a seed has no disabled apps',
      'keycloak-realm-disabled': 'a seed has no disabled realm',
      'keycloak-https-required': 'a realm’s Require SSL is not imitated',
    });
  });
});
