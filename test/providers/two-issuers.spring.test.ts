import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { post } from '../kit/call.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { findRecord } from './assert-scenario.ts';
import { startRealLab, type ExchangeChoice, type RealLab } from './start-real-lab.ts';
import type { ErrorCode } from '../../src/model/errors.ts';

const { url, skip } = findRealProvider('TEST_SPRING');
const issuers = { caller: `${url}/as/mcpserver`, api: `${url}/as/backend` };
const alice = { username: 'alice', password: 'alice-password' };

const client = { clientId: 'mcp-client', clientSecret: 'client-secret' };

const good: ExchangeChoice = {
  url: `${issuers.api}/oauth2/token`,
  clientId: 'gateway',
  clientSecret: 'gateway-secret',
  audience: ['backend'],
  scopes: ['backend-api:read'],
};

/** What Spring Authorization Server 1.5 says to each mistake, and whose it is. */
const mistakes: Readonly<Record<string, [change: Partial<ExchangeChoice>, code: ErrorCode, words: RegExp]>> = {
  'wrong-secret': [{ clientSecret: 'not-the-secret' }, 'exchange_misconfigured', /401 invalid_client/],
  'unknown-client': [{ clientId: 'nobody' }, 'exchange_misconfigured', /401 invalid_client/],
  'grant-missing': [
    { clientId: 'without-grant', clientSecret: 'another-secret' },
    'exchange_misconfigured',
    /400 unauthorized_client/,
  ],
  'unknown-audience': [{ audience: ['nobody'] }, 'exchange_misconfigured', /invalid_target/],
  'unknown-scope': [{ scopes: ['nobody:read'] }, 'exchange_misconfigured', /400 invalid_scope/],
  'no-scope': [{ scopes: [] }, 'exchange_misconfigured', /400 invalid_scope/],
};

let lab: RealLab;
let callerToken: string;
before(async () => {
  if (skip !== false) return;
  const wrong = Object.entries(mistakes).map(([name, [change]]) => [name, { ...good, ...change }]);
  lab = await startRealLab({
    issuer: issuers.caller,
    apiIssuer: issuers.api,
    client,
    exchanges: {
      good,
      ...Object.fromEntries(wrong),
      resource: { ...good, audience: [], resource: ['http://127.0.0.1:4000'] },
      delegated: { ...good, actorFromClient: true },
    },
  });
  callerToken = (await lab.signIn(alice)).callerToken;
});
after(() => lab?.[Symbol.asyncDispose]());

for (const user of [alice, { username: 'bob', password: 'bob-password' }]) {
  const what = 'Spring Authorization Server – sign-in at one issuer, exchange at the other';
  test(`${what} – the API hears of ${user.username}`, { skip }, async () => {
    assert.equal(await lab.assertScenario(user), user.username);
  });
}

for (const [name, [, code, words]] of Object.entries(mistakes)) {
  test(`Spring Authorization Server – ${name} – ${code}`, { skip }, () =>
    lab.assertRefused(name, callerToken, { code, words }),
  );
}

test('Spring Authorization Server – the sign-in was revoked – exchange_subject_refused', { skip }, async () => {
  const { callerToken: revoked } = await lab.signIn(alice);
  const form = { token: revoked, client_id: client.clientId, client_secret: client.clientSecret };
  const answer = await fetch(`${issuers.caller}/oauth2/revoke`, { method: 'POST', body: new URLSearchParams(form) });
  assert.equal(answer.status, 200);
  await lab.assertRefused('good', revoked, { code: 'exchange_subject_refused', words: /400 invalid_grant/ });
});

test('Spring Authorization Server – asked for a resource and no audience – the token names it', { skip }, async () => {
  const refusedBefore = lab.countries.refused.length;
  await post(lab.mcpUrl('resource'), callerToken);
  const record = await findRecord(
    () => lab.gateway.records(),
    ({ server }) => server === 'resource',
  );
  assert.deepEqual([record?.exchanged?.aud].flat(), ['http://127.0.0.1:4000']);
  // The server behind takes another audience, so the call goes no further.
  assert.equal(lab.countries.refused.length, refusedBefore);
});

test(
  'Spring Authorization Server – the gateway names itself as actor – the token says who acts for whom',
  { skip },
  async () => {
    const answer = await post(lab.mcpUrl('delegated'), callerToken);
    const record = await findRecord(
      () => lab.gateway.records(),
      ({ server }) => server === 'delegated',
    );
    assert.equal(answer.status, 200, record?.hint);
    const token = lab.countries.accepted.at(-1);
    assert.equal(token?.sub, 'alice');
    assert.deepEqual(token?.['act'], { iss: issuers.api, sub: 'gateway' });
    assert.deepEqual(record?.exchanged?.act, ['gateway']);
  },
);
