import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { importJWK, SignJWT, type JWK } from 'jose';
import { assertAllProvoked, knownRefusalOf } from '../../test/kit/known-refusal-of.ts';
import { claimsOf, startTestIdp, type IdpAnswer, type TestIdp } from '../../test/kit/start-test-idp.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const gateway = 'gateway:gateway-development-secret';
const app = {
  label: 'Another',
  type: 'service',
  clientSecret: 'another-development-secret',
  grantTypes: [exchangeGrant],
};

let idp: TestIdp;
let subjectToken: string;

before(async () => {
  idp = await startTestIdp((seed) => {
    seed.servers.push({
      id: 'distrustful',
      name: 'Trusts nobody',
      scheme: 'https',
      audience: 'distrustful',
      scopes: [{ name: 'x:read' }],
      policies: [],
    });
    seed.apps.push(
      { ...app, clientId: 'stranger' },
      { ...app, clientId: 'bound', requireDpop: true },
      { ...app, clientId: 'unticked', grantTypes: ['client_credentials'] },
    );
  });
  subjectToken = String((await idp.signIn('mcpserver')).body['access_token']);
});
after(async () => await idp[Symbol.asyncDispose]());

async function exchange(
  change: Readonly<Record<string, string | undefined>> = {},
  { credentials = gateway, server = 'backend' } = {},
): Promise<IdpAnswer> {
  const form = {
    grant_type: exchangeGrant,
    subject_token: subjectToken,
    subject_token_type: accessTokenType,
    audience: server,
    scope: 'backend-api:read',
    ...change,
  };
  const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return await idp.post(idp.server(server).tokenUrl, Object.fromEntries(sent), credentials);
}

/** The caller's token, an hour too late. */
async function expired(): Promise<string> {
  const file = await readFile(join(idp.stateDir, 'keys', 'mcpserver.json'), 'utf8');
  const { current } = JSON.parse(file) as { current: JWK & { kid: string } };
  return await new SignJWT({ ...claimsOf(subjectToken), exp: Math.floor(Date.now() / 1000) - 3600 })
    .setProtectedHeader({ alg: 'RS256', kid: current.kid })
    .sign(await importJWK(current, 'RS256'));
}

const provoked = new Set<string>();
const rows: readonly (readonly [id: string, provoke: () => Promise<IdpAnswer>])[] = [
  ['okta-policy', () => exchange({}, { credentials: 'stranger:another-development-secret' })],
  ['okta-scope-unknown', () => exchange({ scope: 'backend-api:none' })],
  ['okta-scope-none', () => exchange({ scope: undefined })],
  ['okta-scope-openid', () => exchange({ scope: 'openid' })],
  ['okta-grant-not-ticked', () => exchange({}, { credentials: 'unticked:another-development-secret' })],
  ['okta-grant-unsupported', () => exchange({ grant_type: 'urn:example:other' })],
  ['okta-server-not-trusted', () => exchange({ scope: 'x:read' }, { server: 'distrustful' })],
  ['okta-subject-token-ended', async () => exchange({ subject_token: await expired() })],
  ['okta-subject-token-type', () => exchange({ subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' })],
  ['okta-audience', () => exchange({ audience: 'elsewhere' })],
  ['okta-client-unknown', () => exchange({}, { credentials: 'nobody:secret-of-nobody' })],
  ['okta-secret-wrong', () => exchange({}, { credentials: 'gateway:wrong-secret' })],
  ['okta-credentials-twice', () => exchange({ client_id: 'gateway', client_secret: 'gateway-development-secret' })],
  ['okta-client-authentication', () => exchange({}, { credentials: 'demo:secret-of-a-public-app' })],
  ['okta-dpop-required', () => exchange({}, { credentials: 'bound:another-development-secret' })],
  [
    'okta-code-ended',
    () =>
      idp.post(idp.server('mcpserver').tokenUrl, {
        grant_type: 'authorization_code',
        client_id: 'demo',
        code: 'used',
        redirect_uri: 'http://127.0.0.1:7777/callback',
        code_verifier: 'x'.repeat(43),
      }),
  ],
];
for (const [id, provoke] of rows) {
  test(`usher idp – ${id} – the catalogue knows it`, async () => {
    const answer = await provoke();
    assert.equal(knownRefusalOf('okta', answer), id, answer.text);
    provoked.add(id);
  });
}

test('usher idp – the catalogue – all of it that the imitation can give was provoked', () => {
  assertAllProvoked('okta', provoked, {
    'okta-dpop-nonce': 'provoked in dpop.test.ts, in the same words',
    'okta-user-not-assigned': 'goes back to the client by redirect, not from the token endpoint',
    'okta-network-zone': 'there are no network zones',
    'okta-server-not-found': 'what is no server has no token endpoint here',
    'okta-feature-missing': 'every feature is there',
    'okta-rate-limit': 'nothing is limited',
  });
});
