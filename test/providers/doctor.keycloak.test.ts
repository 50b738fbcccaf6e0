import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { Aids } from '../../src/diagnose/check.ts';
import { runDoctor } from '../../src/diagnose/run-doctor.ts';
import { Secret } from '../../src/model/secret.ts';
import { keycloakAdmin } from '../../tools/real/start-keycloak.js';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { createRealm, type KeycloakRealm, names } from './keycloak-realm.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');

let realm: KeycloakRealm;
before(async () => {
  if (skip !== false) return;
  realm = await createRealm(url);
  await realm.setUp();
});

const admin = { secret: new Secret(keycloakAdmin.password), user: keycloakAdmin.user, realm: 'master' };

async function inspect(change: Readonly<Record<string, unknown>> = {}, aids: Aids = {}) {
  const config = configSchema.parse({
    servers: {
      one: {
        authenticate: [{ issuer: realm.issuer, audience: [names.gateway] }],
        policy: { strategy: 'scopes', required: [names.callScope] },
        credential: {
          strategy: 'token-exchange',
          url: realm.tokenUrl,
          clientId: names.gateway,
          clientSecret: new Secret('not-tried-here'),
          audience: [names.api],
          scopes: [names.apiScope],
          ...change,
        },
        upstream: { strategy: 'http', url: 'http://127.0.0.1:1/mcp' },
      },
    },
  });
  const given = { clientId: names.mcpClient, administration: new Map([['keycloak', admin] as const]), ...aids };
  const [report] = await runDoctor(config, { aids: given });
  assert.ok(!JSON.stringify(report).includes(keycloakAdmin.password));
  return report?.checks.find(({ id }) => id === 'provider-set-up') ?? assert.fail('not checked');
}

test('doctor with an administrator of Keycloak – a realm as it was set up – passes', { skip }, async () => {
  const { result, evidence } = await inspect();
  assert.equal(result, 'pass', evidence);
  assert.match(evidence, /A mapper brings the audience "backend" into the tokens of "mcpserver"/);
  assert.match(evidence, /A mapper brings the audience "mcpserver" into the tokens of "mcp-client"/);
});

/** Clients: what is changed of it, how it is changed back, what is named. */
const clientFaults: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>, string, RegExp])[] = [
  [names.gateway, { enabled: false }, { enabled: true }, 'keycloak-client-disabled', /"mcpserver" is switched off/],
  [
    names.gateway,
    { attributes: { 'standard.token.exchange.enabled': 'false' } },
    { attributes: { 'standard.token.exchange.enabled': 'true' } },
    'keycloak-exchange-off',
    /"mcpserver" has Standard Token Exchange off/,
  ],
  [
    names.gateway,
    { attributes: { 'dpop.bound.access.tokens': 'true' } },
    { attributes: { 'dpop.bound.access.tokens': 'false' } },
    'keycloak-sender-constrained',
    /Require DPoP bound tokens on/,
  ],
  [
    names.gateway,
    { consentRequired: true },
    { consentRequired: false },
    'keycloak-consent-missing',
    /Consent required/,
  ],
  [names.api, { enabled: false }, { enabled: true }, 'keycloak-audience-disabled', /"backend", .* is switched off/],
  [
    names.mcpClient,
    { standardFlowEnabled: false },
    { standardFlowEnabled: true },
    'keycloak-mcp-client-flow',
    /Standard flow off/,
  ],
];
for (const [clientId, change, back, cause, seen] of clientFaults) {
  test(
    `doctor with an administrator of Keycloak – ${clientId}, ${JSON.stringify(change)} – is named ${cause}`,
    { skip },
    async () => {
      const path = `/clients/${await realm.idOf(clientId)}`;
      await realm.admin('PUT', path, { clientId, ...change });
      const found = await inspect();
      await realm.admin('PUT', path, { clientId, ...back });
      assert.equal(found.cause, cause, found.evidence);
      assert.match(found.evidence, seen);
      assert.match(found.fix ?? '', /Clients → /);
    },
  );
}

for (const [clientId, scope, cause] of [
  [names.gateway, names.apiScope, 'keycloak-audience-not-available'],
  [names.mcpClient, names.callScope, 'keycloak-callers-scope'],
] as const) {
  test(
    `doctor with an administrator of Keycloak – ${scope} taken from ${clientId} – is named, scope and audience`,
    { skip },
    async () => {
      const scopes = (await realm.admin('GET', '/client-scopes')) as readonly { id: string; name: string }[];
      const id = scopes.find(({ name }) => name === scope)?.id;
      const path = `/clients/${await realm.idOf(clientId)}/optional-client-scopes/${id}`;
      await realm.admin('DELETE', path);
      const found = await inspect();
      await realm.admin('PUT', path);
      assert.equal(found.result, 'fail', found.evidence);
      assert.equal(found.cause, cause, found.evidence);
      assert.match(found.evidence, new RegExp(`"${clientId}" does not have the client scope "?${scope}`));
      if (clientId === names.gateway)
        assert.match(found.evidence, /Nothing brings the audience "backend" into the tokens/);
    },
  );
}

test('doctor with an administrator of Keycloak – names nobody has – are all told at once', { skip }, async () => {
  const change = { clientId: 'nobody', audience: ['nowhere'], scopes: ['nothing'] };
  const { evidence, cause } = await inspect(change, { clientId: 'no-client' });
  assert.equal(cause, 'keycloak-client-unknown');
  assert.match(evidence, /"nobody" is not there; .*"nowhere", .* is not there; .*"no-client" is not there/);
});

test('doctor with an administrator of Keycloak – another realm – is named', { skip }, async () => {
  const { cause } = await inspect({ url: realm.tokenUrl.replace(realm.name, 'no-such-realm') });
  assert.equal(cause, 'keycloak-realm-unknown');
});

test(
  'doctor with an administrator of Keycloak – a wrong password – unknown, in the words of Keycloak',
  { skip },
  async () => {
    const administration = new Map([
      ['keycloak', { ...admin, secret: new Secret('not-the-password-at-all') }] as const,
    ]);
    const { result, evidence } = await inspect({}, { administration });
    assert.equal(result, 'unknown');
    assert.match(evidence, /invalid_grant/);
    assert.ok(!evidence.includes('not-the-password'));
  },
);
