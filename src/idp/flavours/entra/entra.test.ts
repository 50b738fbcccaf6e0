import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { importJWK, SignJWT, type JWK } from 'jose';
import { objectIdOf } from './ids.ts';
import { assertAllProvoked, knownRefusalOf } from '../../../../test/kit/known-refusal-of.ts';
import {
  claimsOf,
  startTestIdp,
  type IdpAnswer,
  type SeedData,
  type TestIdp,
} from '../../../../test/kit/start-test-idp.ts';

const onBehalfOf = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const gatewayId = '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b';
const gateway = `${gatewayId}:gateway-development-secret`;
const demo = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
const backend = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';
const versionOne = 'api://0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const signInRequest = { clientId: demo, scope: `openid profile api://${gatewayId}/mcp.tools.call` };
const app = {
  label: 'Another',
  type: 'service',
  clientSecret: 'another-development-secret',
  grantTypes: [exchangeGrant],
};

describe('usher idp --flavour entra', () => {
  let idp: TestIdp;
  let signedIn: IdpAnswer;
  let assertion: string;

  before(async () => {
    idp = await startTestIdp(
      (seed) => {
        const rule = { name: 'Consent', grantTypes: [exchangeGrant], scopes: '*' };
        const policies = (more: object) => [{ name: 'Gateway', clients: [gatewayId], rules: [{ ...rule, ...more }] }];
        const scopes = [{ name: 'Read' }];
        seed.servers.push(
          { id: 'v1', name: 'Old', scheme: 'http', audience: versionOne, scopes, policies: policies({}) },
          {
            id: 'mfa',
            name: 'Strict',
            scheme: 'http',
            audience: 'strict',
            scopes,
            multifactor: true,
            policies: policies({}),
          },
          {
            id: 'bob',
            name: 'Of Bob',
            scheme: 'http',
            audience: 'of-bob',
            scopes,
            policies: policies({ people: { users: ['bob@example.com'] } }),
          },
          { id: 'alien', name: 'Not consented', scheme: 'http', audience: 'alien', scopes, policies: [] },
          ...Object.entries({
            off: { disabled: true },
            mapped: { acceptMappedClaims: true },
            enrolment: { conditionalAccess: 'enrolment' },
            device: { conditionalAccess: 'compliant-device' },
            blocked: { conditionalAccess: 'block' },
            often: { conditionalAccess: 'sign-in-frequency' },
          }).map(([id, more]) => {
            const usual = { id, name: id, scheme: 'http', audience: id, scopes, policies: policies({}) };
            return { ...usual, ...more };
          }),
        );
        seed['otherTenants'] = ['fabrikam.onmicrosoft.com'];
        seed.users.push(
          { login: 'disabled@example.com', password: 'disabled', name: 'Disabled', disabled: true },
          { login: 'revoked@example.com', password: 'x', name: 'Revoked', tokensValidFrom: '2100-01-01T00:00:00Z' },
        );
        seed.apps.push(
          { ...app, clientId: 'stranger' },
          { ...app, clientId: 'unticked', grantTypes: ['client_credentials'] },
          { ...app, clientId: 'late', clientSecretExpiresAt: '2026-01-31T00:00:00Z' },
          { ...app, clientId: 'off', disabled: true },
          { ...app, clientId: 'everywhere', multitenant: true },
        );
      },
      { flavour: 'entra' },
    );
    signedIn = await idp.signIn('mcpserver', signInRequest);
    assertion = String(signedIn.body['access_token']);
  });
  after(async () => await idp[Symbol.asyncDispose]());

  async function exchange(
    change: Readonly<Record<string, string | undefined>> = {},
    credentials: string | undefined = gateway,
    url = idp.server('backend').tokenUrl,
  ): Promise<IdpAnswer> {
    const form = {
      grant_type: onBehalfOf,
      requested_token_use: 'on_behalf_of',
      assertion,
      scope: `api://${backend}/Countries.Read`,
      ...change,
    };
    const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return await idp.post(url, Object.fromEntries(sent), credentials);
  }

  test('sign-in – the token – has Entra’s claims of version 2.0: the API’s id as audience, scp as one text', () => {
    const claims = claimsOf(assertion);
    const tenant = String(claims['tid']);
    assert.deepEqual(
      [claims['iss'], claims['aud'], claims['azp'], claims['scp'], claims['ver'], claims['preferred_username']],
      [`${idp.idp.httpUrl}/${tenant}/v2.0`, gatewayId, demo, 'mcp.tools.call', '2.0', 'alice@example.com'],
    );
  });

  test('exchange – on behalf of – the same oid, another sub, scopes in full in the answer only', async () => {
    const answer = await exchange();
    assert.equal(answer.status, 200, answer.text);
    const [first, second] = [claimsOf(assertion), claimsOf(answer.body['access_token'])];
    assert.deepEqual(
      [second['aud'], second['scp'], second['azp'], second['oid']],
      [backend, 'Countries.Read', gatewayId, first['oid']],
    );
    assert.notEqual(second['sub'], first['sub']);
    assert.equal(answer.body['scope'], `${backend}/Countries.Read`);
    assert.equal(answer.body['issued_token_type'], undefined);
    assert.equal(answer.body['ext_expires_in'], 4500);
  });

  test('exchange – an API of version 1.0 – its URI as audience, another issuer, appid and upn', async () => {
    const answer = await exchange({ scope: `${versionOne}/.default` });
    assert.equal(answer.status, 200, answer.text);
    const claims = claimsOf(answer.body['access_token']);
    assert.deepEqual(
      [claims['iss'], claims['aud'], claims['scp'], claims['appid'], claims['upn'], claims['ver'], claims['azp']],
      [
        `${idp.idp.httpUrl}/${String(claims['tid'])}/`,
        versionOne,
        'Read',
        gatewayId,
        'alice@example.com',
        '1.0',
        undefined,
      ],
    );
  });

  test('an API with multifactor – refused with claims, and taken after a sign-in with these', async () => {
    const refused = await exchange({ scope: 'strict/Read' });
    const claims = String(refused.body['claims']);
    assert.deepEqual(Object.keys(JSON.parse(claims) as object), ['access_token']);
    const again = await idp.signIn('mcpserver', { ...signInRequest, params: { claims } });
    const answer = await exchange({ scope: 'strict/Read', assertion: String(again.body['access_token']) });
    assert.equal(answer.status, 200, answer.text);
  });

  test('metadata – OpenID’s form appended alone, and nothing of PKCE in it', async () => {
    const { issuer } = idp.server('backend');
    const { body } = await idp.send(`${issuer}/.well-known/openid-configuration`);
    assert.equal(body['issuer'], issuer);
    assert.equal(body['code_challenge_methods_supported'], undefined);
    for (const path of [
      `${new URL(issuer).pathname}/.well-known/oauth-authorization-server`,
      `/.well-known/oauth-authorization-server${new URL(issuer).pathname}`,
    ]) {
      assert.equal((await idp.send(`${idp.idp.httpUrl}${path}`)).status, 404, path);
    }
  });

  test('a refusal – its body – has code, time and both ids beside the words', async () => {
    const { body, status } = await exchange({}, `${gatewayId}:wrong`);
    assert.equal(status, 401);
    assert.deepEqual(body['error_codes'], [7_000_215]);
    assert.match(String(body['timestamp']), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    for (const name of ['trace_id', 'correlation_id'] as const)
      assert.ok(String(body['error_description']).includes(String(body[name])), name);
    assert.equal(body['error_uri'], 'https://login.microsoftonline.com/error?code=7000215');
  });

  test('sign-in – a scope without an API in front – is taken for Microsoft Graph’s and refused', async () => {
    const { callback } = await idp.authorize('mcpserver', { clientId: demo, scope: 'openid mcp.tools.call' });
    assert.match(callback.searchParams.get('error_description') ?? '', /^AADSTS650053: /);
  });

  /** The caller's token with these claims instead. */
  async function changed(claims: Readonly<Record<string, unknown>>): Promise<string> {
    const file = await readFile(join(idp.stateDir, 'keys', 'entra.json'), 'utf8');
    const { current } = JSON.parse(file) as { current: JWK & { kid: string } };
    return await new SignJWT({ ...claimsOf(assertion), ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: current.kid, typ: 'JWT' })
      .sign(await importJWK(current, 'RS256'));
  }

  test('sign-in – a resource that is none of the API’s URIs – refused, one that is goes through', async () => {
    const scope = `openid api://${gatewayId}/mcp.tools.call`;
    const ask = (resource: string) => idp.authorize('mcpserver', { clientId: demo, scope, params: { resource } });
    const refused = (await ask('http://localhost:8000/mcp/')).callback.searchParams;
    assert.match(refused.get('error_description') ?? '', /^AADSTS9010010: /);
    assert.notEqual((await ask('http://localhost:8000/mcp')).callback.searchParams.get('code'), null);
  });

  const tokenOf = (login: string) => changed({ oid: objectIdOf({ login }) });
  const elsewhere = () => `${idp.idp.httpUrl}/fabrikam.onmicrosoft.com/oauth2/v2.0/token`;

  test('exchange – acceptMappedClaims and the API by its application id – goes through', async () => {
    assert.equal((await exchange({ scope: 'mapped/Read' })).status, 200);
  });

  test('the tenant by its domain – metadata, token endpoint – is the tenant by its id', async () => {
    const url = (path: string) => `${idp.idp.httpUrl}/countries.onmicrosoft.com${path}`;
    const { body } = await idp.send(url('/v2.0/.well-known/openid-configuration'));
    assert.equal(body['issuer'], idp.server('backend').issuer);
    assert.equal((await exchange({}, gateway, url('/oauth2/v2.0/token'))).status, 200);
  });

  test('metadata – of version 1.0, of no tenant – another issuer, a pattern', async () => {
    const { issuer } = idp.server('backend');
    const versionOneUrl = issuer.replace(/v2\.0$/, '');
    const [first, common] = await Promise.all([
      idp.send(`${versionOneUrl}.well-known/openid-configuration`),
      idp.send(`${idp.idp.httpUrl}/common/v2.0/.well-known/openid-configuration`),
    ]);
    assert.deepEqual(
      [first.body['issuer'], common.body['issuer']],
      [versionOneUrl, `${idp.idp.httpUrl}/{tenantid}/v2.0`],
    );
  });

  test('sign-in – of an account that is disabled – a page says so, and no code is issued', async () => {
    await assert.rejects(idp.authorize('mcpserver', { ...signInRequest, user: 'disabled' }), /disabled/i);
  });

  const provoked = new Set<string>();
  const rows: readonly (readonly [id: string, provoke: () => Promise<IdpAnswer>])[] = [
    ['entra-grant-unsupported', () => exchange({ grant_type: exchangeGrant })],
    ['entra-consent-missing', () => exchange({ scope: 'alien/Read' })],
    [
      'entra-assertion-expired',
      async () => exchange({ assertion: await changed({ exp: Math.floor(Date.now() / 1000) - 3600 }) }),
    ],
    ['entra-assertion-audience', () => exchange({}, 'stranger:another-development-secret')],
    ['entra-assertion-id-token', () => exchange({ assertion: String(signedIn.body['id_token']) })],
    ['entra-assertion-invalid', () => exchange({ assertion: 'garbage' })],
    ['entra-assertion-invalid', () => exchange({ assertion: `${assertion.slice(0, -8)}AAAAAAAA` })],
    ['entra-scope-invalid', () => exchange({ scope: `${backend}/None` })],
    ['entra-scope-invalid', () => exchange({ scope: 'Countries.Read' })],
    ['entra-scope-of-two-apis', () => exchange({ scope: `${backend}/Countries.Read strict/Read` })],
    ['entra-resource-parameter', () => exchange({ resource: 'https://api.example.com' })],
    ['entra-resource-unknown', () => exchange({ scope: 'api://nobody/Read' })],
    ['entra-secret-wrong', () => exchange({}, `${gatewayId}:wrong`)],
    ['entra-secret-missing', () => exchange({ client_id: gatewayId }, '')],
    ['entra-client-unknown', () => exchange({}, 'nobody:secret')],
    ['entra-obo-not-allowed', () => exchange({}, 'unticked:another-development-secret')],
    ['entra-obo-not-allowed', async () => exchange({ assertion: await changed({ idtyp: 'app', roles: ['Read'] }) })],
    ['entra-secret-expired', () => exchange({}, 'late:another-development-secret')],
    ['entra-secret-of-public-client', () => exchange({}, `${demo}:anything`)],
    ['entra-client-assertion', () => exchange({ client_id: gatewayId, client_assertion: 'e30.e30.c2ln' }, '')],
    ['entra-client-disabled', () => exchange({}, 'off:another-development-secret')],
    ['entra-client-unknown', () => exchange({}, gateway, elsewhere())],
    ['entra-user-not-in-tenant', () => exchange({}, 'everywhere:another-development-secret', elsewhere())],
    ['entra-user-not-in-tenant', async () => exchange({ assertion: await changed({ oid: 'somebody' }) })],
    ['entra-user-disabled', async () => exchange({ assertion: await tokenOf('disabled@example.com') })],
    ['entra-session-ended', async () => exchange({ assertion: await tokenOf('revoked@example.com') })],
    ['entra-session-ended', () => exchange({ scope: 'often/Read' })],
    ['entra-resource-disabled', () => exchange({ scope: 'off/Read' })],
    ['entra-claims-mapping', () => exchange({ scope: 'api://mapped/Read' })],
    ['entra-mfa-enrolment', () => exchange({ scope: 'enrolment/Read' })],
    ['entra-device-not-compliant', () => exchange({ scope: 'device/Read' })],
    ['entra-conditional-access-blocked', () => exchange({ scope: 'blocked/Read' })],
    ['entra-tenant-unknown', () => exchange({}, gateway, `${idp.idp.httpUrl}/contoso/oauth2/v2.0/token`)],
    ['entra-tenant-not-named', () => exchange({}, gateway, `${idp.idp.httpUrl}/common/oauth2/v2.0/token`)],
    ['entra-mfa-required', () => exchange({ scope: 'strict/Read' })],
    ['entra-user-not-assigned', () => exchange({ scope: 'of-bob/Read' })],
    ['entra-parameter-missing', () => exchange({ assertion: undefined })],
    ['entra-parameter-missing', () => exchange({ requested_token_use: undefined })],
  ];
  for (const [index, [id, provoke]] of rows.entries()) {
    test(`refusal ${index + 1}, ${id} – the catalogue – knows it`, async () => {
      const answer = await provoke();
      assert.equal(knownRefusalOf('entra', answer), id, answer.text);
      provoked.add(id);
    });
  }

  test('refusal by the tenant’s limit, entra-loop – the catalogue – knows it', async () => {
    const bend = (seed: SeedData) => void Object.assign(seed, { tokenRequestsPerMinute: 1 });
    await using other = await startTestIdp(bend, { flavour: 'entra' });
    const { tokenUrl } = other.server('backend');
    const ask = () => other.post(tokenUrl, { grant_type: onBehalfOf }, gateway);
    assert.equal(knownRefusalOf('entra', await ask()), 'entra-parameter-missing', 'the first is taken');
    assert.equal(knownRefusalOf('entra', await ask()), 'entra-loop');
    provoked.add('entra-loop');
  });

  test('the catalogue – all of it that the imitation can give – was provoked', () => {
    assertAllProvoked('entra', provoked, {
      'entra-permission-not-listed':
        'a seed’s rules are permission and consent in one: both are a consent that is missing',
    });
  });
});
