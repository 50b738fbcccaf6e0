import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Provider } from '../../src/model/provider.ts';
import { findRefusalById } from '../../src/providers/find-known-refusal.ts';
import { post } from '../kit/call.ts';
import { refusalSamples } from '../kit/refusal-samples/refusal-samples.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

/** What an operator reads when a provider refuses: the cause by name and what to do in its console; the caller never. */
async function startLab(provider?: Provider['name']): Promise<TokenLab> {
  const lab = await startTokenLab({
    server: (usual) =>
      usual.credential?.strategy === 'token-exchange'
        ? { ...usual, credential: { ...usual.credential, ...(provider === undefined ? {} : { provider }) } }
        : usual,
  });
  after(() => lab[Symbol.asyncDispose]());
  return lab;
}

let calls = 0;

async function refusedCall(lab: TokenLab, name: Provider['name'], id: string) {
  const sample = refusalSamples[name][id];
  assert.ok(sample !== undefined, id);
  lab.issuer.onToken = (_, response) =>
    sendJson(response, sample.status, { error: sample.error, error_description: sample.description });
  calls += 1;
  const answer = await post(lab.gateway.mcpUrl, lab.token({ claims: { jti: `AT.${calls}` } }));
  const text = (await answer.text()) + [...answer.headers].join('\n');
  const { id: requestId } = (
    JSON.parse(text.slice(0, text.lastIndexOf('}') + 1)) as { error: { data: { id: string } } }
  ).error.data;
  return { status: answer.status, text, record: await lab.record(requestId) };
}

describe('a refusal of a provider that its URL gives away', async () => {
  const lab = await startLab();

  for (const [id, status] of [
    ['okta-grant-not-ticked', 502],
    ['okta-policy', 403],
    ['okta-server-not-trusted', 401],
  ] as const) {
    test(`${id} – log and audit name cause and fix, the caller is told neither`, async () => {
      const found = await refusedCall(lab, 'okta', id);
      const refusal = findRefusalById(id)?.refusal;
      assert.ok(refusal !== undefined);
      assert.equal(found.status, status);
      assert.equal(found.record.cause, id);
      assert.ok(found.record.hint?.endsWith(`${refusal.cause} ${refusal.fix}`), found.record.hint);
      assert.ok(lab.gateway.logged.some((line) => line.includes(id) && line.includes(refusal.fix)));
      for (const secret of [id, refusal.cause, refusal.fix]) assert.ok(!found.text.includes(secret), found.text);
    });
  }

  test('the provider takes no more requests – 503, and the cause is named as well', async () => {
    const found = await refusedCall(lab, 'okta', 'okta-rate-limit');
    assert.equal(found.status, 503);
    assert.equal(found.record.cause, 'okta-rate-limit');
    assert.match(found.record.hint ?? '', /Reports → Rate Limits/);
  });
});

describe('--provider', async () => {
  test('a provider with a domain of its own – its refusals are known by name', async () => {
    const lab = await startLab('keycloak');
    const found = await refusedCall(lab, 'keycloak', 'keycloak-not-in-audience');
    assert.equal(found.record.cause, 'keycloak-not-in-audience');
    assert.match(found.record.hint ?? '', /Included Client Audience/);
  });

  for (const [name, id, code] of [
    ['keycloak', 'keycloak-subject-token-invalid', 'exchange_subject_refused'],
    ['keycloak', 'keycloak-not-in-audience', 'exchange_misconfigured'],
    ['entra', 'entra-assertion-audience', 'exchange_misconfigured'],
    ['entra', 'entra-assertion-expired', 'exchange_subject_refused'],
    ['entra', 'entra-consent-missing', 'exchange_denied'],
    ['auth0', 'auth0-api-unknown', 'exchange_misconfigured'],
    ['auth0', 'auth0-client-unauthorized', 'exchange_misconfigured'],
  ] as const) {
    test(`${id} – whoever can mend it is told so, whatever the code the provider uses – ${code}`, async () => {
      const { record } = await refusedCall(await startLab(name), name, id);
      assert.deepEqual([record.code, record.cause], [code, id]);
    });
  }

  test('Entra wants another sign-in and says which – a challenge, not a denial', async () => {
    const lab = await startLab('entra');
    const { error, description } = refusalSamples.entra['entra-mfa-required'] ?? {};
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    lab.issuer.onToken = (_, response) => sendJson(response, 400, { error, error_description: description, claims });
    await post(lab.gateway.mcpUrl, lab.token()).then((answer) => answer.text());
    const [record] = await lab.gateway.records();
    assert.deepEqual([record?.code, record?.cause], ['exchange_step_up', 'entra-mfa-required']);
  });

  test('an answer nobody has seen before – no cause is guessed', async () => {
    const lab = await startLab('keycloak');
    lab.issuer.onToken = (_, response) =>
      sendJson(response, 400, { error: 'novel', error_description: 'Something new' });
    await post(lab.gateway.mcpUrl, lab.token()).then((answer) => answer.text());
    const [record] = await lab.gateway.records();
    assert.equal(record?.code, 'exchange_misconfigured');
    assert.equal(record?.cause, undefined);
  });

  for (const [provider, sent] of [
    ['auth0', 'urn:ietf:params:oauth:token-type:access_token'],
    ['okta', null],
    ['keycloak', null],
    ['generic', null],
  ] as const) {
    test(`${provider} – the exchange asks for ${sent === null ? 'no type of token' : 'an access token'}, as it wants it`, async () => {
      const lab = await startLab(provider);
      const answer = await post(lab.gateway.mcpUrl, lab.token());
      assert.equal(answer.status, 200, await answer.text());
      const request = lab.issuer.server.seen.find(({ url }) => url.endsWith('/token'));
      assert.equal(new URLSearchParams(request?.body).get('requested_token_type'), sent);
    });
  }
});
