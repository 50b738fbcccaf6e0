import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import type { ErrorCode } from '../../src/model/errors.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { alice, bob, createRealm, names, type KeycloakRealm } from './keycloak-realm.ts';
import { startRealLab, type ExchangeChoice, type RealLab } from './start-real-lab.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');

/** Clients beside the gateway's that are set up wrongly. Callers' tokens are meant for all of them but `not-in-audience`. */
const clients: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'not-in-audience': {},
  'switch-off': { attributes: {} },
  'consent-required': { consentRequired: true },
  'public-client': { publicClient: true },
  'scope-not-given': { optionalClientScopes: [] },
  'signed-jwt': { clientAuthenticatorType: 'client-jwt' },
  'bearer-only': { bearerOnly: true },
  'dpop-required': { attributes: { 'standard.token.exchange.enabled': 'true', 'dpop.bound.access.tokens': 'true' } },
};
const clientSecret = 'secret-of-a-wrong-client';

type Mistake = readonly [change: Partial<ExchangeChoice>, code: ErrorCode, words: RegExp, cause?: string];
const asClient = (clientId: string): Partial<ExchangeChoice> => ({ clientId, clientSecret });

/** What Keycloak 26.7 says to each mistake, and whose it is. */
const mistakes: Readonly<Record<string, Mistake>> = {
  'wrong-secret': [
    { clientSecret: 'not-the-secret' },
    'exchange_misconfigured',
    /401 unauthorized_client/,
    'keycloak-secret-wrong',
  ],
  'unknown-client': [{ clientId: 'nobody' }, 'exchange_misconfigured', /401 invalid_client/, 'keycloak-client-unknown'],
  'unknown-audience': [
    { audience: ['nobody'] },
    'exchange_misconfigured',
    /400 invalid_client: Audience not found/,
    'keycloak-audience-unknown',
  ],
  'audience-out-of-reach': [
    { scopes: [] },
    'exchange_misconfigured',
    /Requested audience not available: backend/,
    'keycloak-audience-not-available',
  ],
  'unknown-scope': [
    { scopes: ['nobody:read'] },
    'exchange_misconfigured',
    /400 invalid_scope: Invalid scopes/,
    'keycloak-scope-invalid',
  ],
  'scope-not-given': [
    asClient('scope-not-given'),
    'exchange_misconfigured',
    /400 invalid_scope: Invalid scopes/,
    'keycloak-scope-invalid',
  ],
  'not-in-audience': [
    asClient('not-in-audience'),
    'exchange_misconfigured',
    /403 access_denied: Client is not within the token audience/,
    'keycloak-not-in-audience',
  ],
  'switch-off': [
    asClient('switch-off'),
    'exchange_misconfigured',
    /invalid_request: Standard token exchange is not en/,
    'keycloak-exchange-off',
  ],
  'public-client': [
    asClient('public-client'),
    'exchange_misconfigured',
    /invalid_client: Public client is not allowed/,
    'keycloak-public-client',
  ],
  'signed-jwt': [
    asClient('signed-jwt'),
    'exchange_misconfigured',
    /invalid_client: Parameter client_assertion_type is missing/,
    'keycloak-client-authentication',
  ],
  'bearer-only': [
    asClient('bearer-only'),
    'exchange_misconfigured',
    /invalid_client: Bearer-only not allowed/,
    'keycloak-bearer-only',
  ],
  'consent-required': [
    asClient('consent-required'),
    'exchange_denied',
    /invalid_scope: Missing consents/,
    'keycloak-consent-missing',
  ],
  'dpop-required': [
    asClient('dpop-required'),
    'exchange_misconfigured',
    /invalid_request: DPoP proof is missing/,
    'keycloak-sender-constrained',
  ],
  'unknown-realm': [
    { url: `${url}/realms/nobody/protocol/openid-connect/token` },
    'exchange_misconfigured',
    /404 Realm does not exist/,
    'keycloak-realm-unknown',
  ],
  // Keycloak does not know RFC 8707's parameter and gives a token for somebody else.
  'resource-ignored': [{ audience: [], resource: ['http://127.0.0.1:4000'] }, 'exchange_answer_invalid', /aud/],
};

let lab: RealLab;
let realm: KeycloakRealm;
let callerToken: string;
before(async () => {
  if (skip !== false) return;
  realm = await createRealm(url);
  const { exchange } = await realm.setUp();
  for (const [clientId, change] of Object.entries(clients)) await addClient(clientId, change);
  const good: ExchangeChoice = { ...exchange, clientSecret: exchange.clientSecret.reveal() };
  const wrong = Object.entries(mistakes).map(([name, [change]]) => [name, { ...good, ...change }]);
  const exchanges = { good, ...Object.fromEntries(wrong) };
  const { issuer } = realm;
  lab = await startRealLab({ issuer, apiIssuer: issuer, client: { clientId: names.mcpClient }, exchanges });
  callerToken = (await lab.signIn(alice)).callerToken;
});
after(() => lab?.[Symbol.asyncDispose]());

async function addClient(clientId: string, change: Readonly<Record<string, unknown>>): Promise<void> {
  await realm.admin('POST', '/clients', {
    clientId,
    secret: clientSecret,
    publicClient: false,
    attributes: { 'standard.token.exchange.enabled': 'true' },
    optionalClientScopes: [names.apiScope],
    ...change,
  });
  if (clientId !== 'not-in-audience') await realm.addAudience(names.callScope, clientId);
}

for (const [name, [, code, words, cause]] of Object.entries(mistakes)) {
  test(`Keycloak – ${name} – ${code}`, { skip }, () => lab.assertRefused(name, callerToken, { code, words, cause }));
}

const subjectRefused = {
  code: 'exchange_subject_refused',
  words: /400 invalid_request: Invalid token/,
  cause: 'keycloak-subject-token-invalid',
} as const;

test('Keycloak – an administrator ended the session – exchange_subject_refused', { skip }, async () => {
  const { callerToken: ended } = await lab.signIn(alice);
  await realm.admin('DELETE', `/sessions/${String(decodeJwt(ended)['sid'])}`);
  await lab.assertRefused('good', ended, subjectRefused);
});

test('Keycloak – the sign-in was revoked – exchange_subject_refused', { skip }, async () => {
  const { callerToken: revoked } = await lab.signIn(alice);
  const form = new URLSearchParams({ token: revoked, client_id: names.mcpClient });
  const answer = await fetch(`${realm.issuer}/protocol/openid-connect/revoke`, { method: 'POST', body: form });
  assert.equal(answer.status, 200);
  await lab.assertRefused('good', revoked, subjectRefused);
});

test('Keycloak – the user was disabled – exchange_subject_refused', { skip }, async () => {
  const { callerToken: disabled } = await lab.signIn(bob);
  await realm.admin('PUT', `/users/${decodeJwt(disabled).sub}`, { enabled: false });
  await lab.assertRefused('good', disabled, subjectRefused);
});

test(
  'Keycloak – the realm was switched off – exchange_misconfigured, the caller keeps its token',
  { skip },
  async () => {
    const { callerToken: good } = await lab.signIn(alice);
    await realm.admin('PUT', '', { enabled: false });
    try {
      await lab.assertRefused('good', good, {
        code: 'exchange_misconfigured',
        words: /403 access_denied: Realm not en/,
        cause: 'keycloak-realm-disabled',
      });
    } finally {
      await realm.admin('PUT', '', { enabled: true });
    }
  },
);
