import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { createRealm, type KeycloakRealm } from './keycloak-realm.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');

let realm: KeycloakRealm;
before(async () => {
  if (skip === false) realm = await createRealm(url);
});

const inTheWay: readonly (readonly [client: Record<string, unknown>, what: string])[] = [
  [{ clientId: 'mcpserver', publicClient: true }, 'is a public client'],
  [{ clientId: 'mcpserver', publicClient: false, consentRequired: true }, 'has Consent required on'],
  [{ clientId: 'mcpserver', publicClient: false, clientAuthenticatorType: 'client-jwt' }, 'does not authenticate'],
  [{ clientId: 'backend', enabled: false }, 'is switched off'],
  [{ clientId: 'mcp-client', standardFlowEnabled: false }, 'has Standard flow off'],
];
for (const [client, what] of inTheWay) {
  test(`usher setup keycloak – ${String(client['clientId'])} is there and ${what} – says so`, { skip }, async () => {
    await realm.admin('POST', '/clients', client);
    const setUp = realm.buildSetUp();
    await assert.rejects(
      setUp.plan(),
      (error) => error instanceof UsherError && error.code === 'setup_conflict' && error.message.includes(what),
    );
    await setUp.close();
    await realm.admin('DELETE', `/clients/${await realm.idOf(String(client['clientId']))}`);
  });
}

test('usher setup keycloak – the password is wrong – refused in the words of Keycloak', { skip }, async () => {
  const setUp = realm.buildSetUp({ password: new Secret('not-the-password-at-all') });
  await assert.rejects(
    setUp.plan(),
    (error) =>
      error instanceof UsherError &&
      error.code === 'setup_refused' &&
      /sign "admin" in at the realm "master", 40[01] invalid_grant/.test(error.message) &&
      !error.message.includes('not-the-password'),
  );
  await setUp.close();
});

test(
  'usher setup keycloak – an administrator of this realm with manage-clients alone – is enough',
  { skip },
  async () => {
    const credentials = [{ type: 'password', value: 'operator-password', temporary: false }];
    const person = { firstName: 'O', lastName: 'P', email: 'operator@example.com', emailVerified: true };
    await realm.admin('POST', '/users', { username: 'operator', enabled: true, credentials, ...person });
    const [user] = (await realm.admin('GET', '/users?username=operator')) as readonly { id: string }[];
    const management = await realm.idOf('realm-management');
    const role = await realm.admin('GET', `/clients/${management}/roles/manage-clients`);
    await realm.admin('POST', `/users/${user?.id}/role-mappings/clients/${management}`, [role]);

    const who = { adminRealm: realm.name, user: 'operator', password: new Secret('operator-password') };
    const setUp = realm.buildSetUp(who);
    const undos = [];
    for (const step of (await setUp.plan()).steps) undos.push(await step.perform());
    assert.equal(undos.length, 7);
    assert.deepEqual((await setUp.plan()).steps, []);
    assert.equal((await setUp.readOutcome()).callers.issuer, realm.issuer);
    for (const { requests } of undos.toReversed())
      for (const request of requests) assert.equal(await setUp.undo(request), 'done');
    await setUp.close();
  },
);

test('usher setup keycloak – what is there already – changed where it must be, and back', { skip }, async () => {
  await realm.admin('POST', '/clients', { clientId: 'mcpserver', publicClient: false, secret: 'chosen-long-ago' });
  const uris = { redirectUris: ['https://a.example/'], webOrigins: [] };
  await realm.admin('POST', '/clients', { clientId: 'mcp-client', publicClient: false, ...uris });
  const attributes = { 'include.in.token.scope': 'false' };
  await realm.admin('POST', '/client-scopes', { name: 'mcp:tools:call', protocol: 'openid-connect', attributes });
  const untouched = await realm.snapshot();

  const setUp = realm.buildSetUp();
  const { steps } = await setUp.plan();
  assert.deepEqual(
    steps.map(({ action, sentence }) => `${action}: ${sentence}`),
    [
      'create: Create the client "backend", the API\'s audience, which nobody signs in with',
      'change: Tick Standard Token Exchange for the client "mcpserver"',
      'create: Create the client scope "backend-api:read" with an Audience mapper for "backend"',
      'change: Let the client "mcpserver" ask for the scope "backend-api:read" (Client scopes, Optional)',
      'change: Switch Include in token scope on for the client scope "mcp:tools:call"',
      'change: Add the Audience mapper for "mcpserver" to the client scope "mcp:tools:call"',
      'change: Add http://127.0.0.1:33418/ as redirect URI to the client "mcp-client"',
      'change: Let the client "mcp-client" ask for the scope "mcp:tools:call" (Client scopes, Optional)',
    ],
  );
  const undos = [];
  for (const step of steps) undos.push(await step.perform());
  assert.deepEqual((await setUp.plan()).steps, []);
  assert.equal((await setUp.readOutcome()).exchange.clientSecret.reveal(), 'chosen-long-ago');
  for (const { requests } of undos.toReversed())
    for (const request of requests) assert.equal(await setUp.undo(request), 'done');
  assert.deepEqual(await realm.snapshot(), untouched);
  await setUp.close();
});
