import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeDpopClient, type ProofChanges } from '../../../../test/kit/dpop-client.ts';
import { knownRefusalOf } from '../../../../test/kit/known-refusal-of.ts';
import { makeSigningKey } from '../../../../test/kit/signing-key.ts';
import { claimsOf, startTestIdp, type IdpAnswer, type TestIdp } from '../../../../test/kit/start-test-idp.ts';
import { accessTokenType, tokenExchangeGrant } from '../../../model/urns.ts';

const gateway = 'gateway:gateway-development-secret';
const firstApi = 'http://localhost:8000/mcp';
const backend = 'https://countries.example.com';
const requiring = 'https://requiring.example.com';

describe('usher idp --flavour auth0, DPoP', () => {
  let idp: TestIdp;
  let url: string;
  let bearer: string;
  const client = makeDpopClient();
  before(async () => {
    idp = await startTestIdp(
      (seed) => {
        seed.apps.push({
          clientId: 'constrained',
          clientSecret: 'another-development-secret',
          label: 'Requires Sender Constraining',
          type: 'service',
          api: 'mcpserver',
          grantTypes: [tokenExchangeGrant],
          requireDpop: true,
        });
        for (const id of ['mcpserver', 'backend'])
          Object.assign(seed.servers.find((one) => one.id === id) ?? {}, { senderConstraining: 'allowed' });
        const rules = [{ name: 'All', grantTypes: [tokenExchangeGrant, 'authorization_code'], scopes: '*' }];
        const policies = [{ name: 'All apps allowed', clients: 'ALL_CLIENTS', rules }];
        seed.servers.find(({ id }) => id === 'backend')?.policies.push(...policies);
        seed.servers.push(
          {
            id: 'requiring',
            name: 'R',
            scheme: 'http',
            audience: requiring,
            senderConstraining: 'required',
            policies,
          },
          { id: 'none', name: 'N', scheme: 'http', audience: 'https://none.example.com', policies },
        );
      },
      { flavour: 'auth0' },
    );
    ({ tokenUrl: url } = idp.server('backend'));
    bearer = String((await idp.signIn('mcpserver', signInRequest)).body['access_token']);
  });
  after(async () => await idp[Symbol.asyncDispose]());

  const signInRequest = { scope: 'openid offline_access mcp:tools:call', params: { audience: firstApi } };
  const bound = (body: IdpAnswer['body']) => [body['token_type'], claimsOf(body['access_token'])['cnf']];
  const refusalOf = ({ status, body }: IdpAnswer) => [status, body['error'], body['error_description']];

  async function exchange(
    proof: string | undefined,
    change: Readonly<Record<string, string>> = {},
    credentials = gateway,
  ): Promise<IdpAnswer> {
    const form = {
      grant_type: tokenExchangeGrant,
      subject_token: bearer,
      subject_token_type: accessTokenType,
      requested_token_type: accessTokenType,
      audience: backend,
      ...change,
    };
    return await idp.post(url, form, credentials, proof === undefined ? {} : { dpop: proof });
  }

  /** A nonce comes with every answer. */
  const nonce = async () => String((await exchange(undefined)).headers.get('dpop-nonce'));

  test('exchange – with a proof, for an API that may bind – bound to that key', async () => {
    const { body, text } = await exchange(client.proof({ url }));
    assert.deepEqual(bound(body), ['DPoP', { jkt: client.jkt }], text);
  });

  test('exchange – with a proof, for an API whose method is None – a bearer token, without a word', async () => {
    const { body, text } = await exchange(client.proof({ url }), { audience: 'https://none.example.com' });
    assert.deepEqual(bound(body), ['Bearer', undefined], text);
  });

  test('exchange – the subject token is bound, no proof – a bearer token, without a word', async () => {
    const { body } = await idp.signIn('mcpserver', {
      ...signInRequest,
      headers: { dpop: client.proof({ url }, { claims: { nonce: await nonce() } }) },
    });
    assert.equal(body['token_type'], 'DPoP');
    const answer = await exchange(undefined, { subject_token: String(body['access_token']) });
    assert.deepEqual(bound(answer.body), ['Bearer', undefined], answer.text);
  });

  test('exchange – the subject token is bound to the key of a public client – wants a nonce in the proof', async () => {
    const headers = { dpop: client.proof({ url }, { claims: { nonce: await nonce() } }) };
    const { body } = await idp.signIn('mcpserver', { ...signInRequest, headers });
    const subject = { subject_token: String(body['access_token']) };
    const own = makeDpopClient();
    const refused = await exchange(own.proof({ url }), subject);
    assert.deepEqual(refusalOf(refused), [400, 'use_dpop_nonce', 'Authorization server requires nonce in DPoP proof']);
    assert.equal(knownRefusalOf('auth0', refused), 'auth0-dpop-nonce');
    const again = own.proof({ url }, { claims: { nonce: refused.headers.get('dpop-nonce') } });
    assert.deepEqual(bound((await exchange(again, subject)).body), ['DPoP', { jkt: own.jkt }]);
  });

  for (const [what, nonceOf] of [
    ['without a nonce', () => undefined],
    ['with a nonce of its own', () => 'made-up'],
  ] as const) {
    test(`sign-in of a public client – a proof ${what} – refused`, async () => {
      const dpop = client.proof({ url }, { claims: { nonce: nonceOf() } });
      const { body } = await idp.signIn('mcpserver', { ...signInRequest, headers: { dpop } });
      assert.equal(body['error'], 'use_dpop_nonce');
    });
  }

  test('sign-in – no audience, with a proof – the token for userinfo is bound', async () => {
    const headers = { dpop: client.proof({ url }, { claims: { nonce: await nonce() } }) };
    const { body } = await idp.signIn('mcpserver', { scope: 'openid', headers });
    assert.equal(body['token_type'], 'DPoP');
  });

  test('refresh of a public client – with its key only', async () => {
    const withNonce = async (by = client) => ({ dpop: by.proof({ url }, { claims: { nonce: await nonce() } }) });
    const { body } = await idp.signIn('mcpserver', { ...signInRequest, headers: await withNonce() });
    const form = { grant_type: 'refresh_token', client_id: 'demo', refresh_token: String(body['refresh_token']) };
    assert.equal((await idp.post(url, form)).body['error'], 'invalid_dpop_proof');
    const others = await idp.post(url, form, undefined, await withNonce(makeDpopClient()));
    assert.equal(others.body['error'], 'invalid_dpop_proof');
    assert.equal((await idp.post(url, form, undefined, await withNonce())).body['token_type'], 'DPoP');
  });

  const seconds = () => Math.floor(Date.now() / 1000);
  const constrained = 'constrained:another-development-secret';
  const rows: readonly (readonly [id: string, what: string, ask: () => Promise<IdpAnswer>])[] = [
    ['auth0-dpop-required', 'the application requires it', () => exchange(undefined, {}, constrained)],
    ['auth0-dpop-required', 'the API requires it', () => exchange(undefined, { audience: requiring })],
    [
      'auth0-dpop-api-off',
      'the application requires it, the API has no method',
      () => exchange(client.proof({ url }), { audience: 'https://none.example.com' }, constrained),
    ],
    ['auth0-dpop-clock', 'a proof of long ago', () => exchangeBent({ claims: { iat: seconds() - 120 } })],
    ['auth0-dpop-clock', 'a proof of the future', () => exchangeBent({ claims: { iat: seconds() + 120 } })],
    ['auth0-dpop-url', 'a proof for elsewhere', () => exchangeBent({ claims: { htu: 'http://localhost/token' } })],
    ['auth0-dpop', 'a proof by another key', () => exchangeBent({ signer: makeSigningKey('ES256') })],
    ['auth0-dpop', 'a proof for another method', () => exchangeBent({ claims: { htm: 'GET' } })],
    ['auth0-dpop', 'an algorithm Auth0 does not name', () => exchange(makeDpopClient('ES384').proof({ url }))],
    ['auth0-dpop', 'no token at all', () => exchange('no-token')],
  ];
  const exchangeBent = (changes: ProofChanges) => exchange(client.proof({ url }, changes));
  for (const [id, what, ask] of rows) {
    test(`exchange – ${what} – refused, ${id} in the catalogue`, async () => {
      const answer = await ask();
      assert.equal(knownRefusalOf('auth0', answer), id, answer.text);
    });
  }

  test('exchange – the same proof again – refused', async () => {
    const proof = client.proof({ url });
    assert.equal((await exchange(proof)).status, 200);
    assert.equal((await exchange(proof)).body['error'], 'invalid_dpop_proof');
  });
});
