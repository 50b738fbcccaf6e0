import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeDpopClient, type DpopClient, type ProofChanges } from '../../../../test/kit/dpop-client.ts';
import { makeSigningKey } from '../../../../test/kit/signing-key.ts';
import { exchangeGrant } from '../../../../test/kit/start-issuer.ts';
import { claimsOf, startTestIdp, type IdpAnswer, type TestIdp } from '../../../../test/kit/start-test-idp.ts';

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const gateway = 'mcpserver:gateway-development-secret';

describe('usher idp --flavour keycloak, DPoP', () => {
  let idp: TestIdp;
  let url: string;
  let client: DpopClient;
  before(async () => {
    idp = await startTestIdp(
      (seed) => {
        Object.assign(seed.apps.find(({ clientId }) => clientId === 'mcpserver') ?? {}, { requireDpop: true });
      },
      { flavour: 'keycloak' },
    );
    ({ tokenUrl: url } = idp.server('backend'));
    client = makeDpopClient();
  });
  after(async () => await idp[Symbol.asyncDispose]());

  async function exchange(proof: string | undefined, subjectToken?: unknown): Promise<IdpAnswer> {
    const token = subjectToken ?? (await idp.signIn('mcpserver')).body['access_token'];
    const form = {
      grant_type: exchangeGrant,
      subject_token: String(token),
      subject_token_type: accessTokenType,
      audience: 'backend',
      scope: 'backend-api:read',
    };
    return await idp.post(url, form, gateway, proof === undefined ? {} : { dpop: proof });
  }
  const refusalOf = ({ status, body }: IdpAnswer) => [status, body['error'], body['error_description']];

  test('exchange – with a proof – the new token is bound to that key, and says so as Keycloak does', async () => {
    const { status, body, text } = await exchange(client.proof({ url }));
    assert.equal(status, 200, text);
    assert.equal(body['token_type'], 'DPoP');
    const claims = claimsOf(body['access_token']);
    assert.equal(claims['typ'], 'DPoP');
    assert.deepEqual(claims['cnf'], { jkt: client.jkt, 'kc-jkt-type': 'DPoP' });
  });

  test('exchange – a client that requires proofs sends none – refused', async () => {
    assert.deepEqual(refusalOf(await exchange(undefined)), [400, 'invalid_request', 'DPoP proof is missing']);
  });

  const seconds = () => Math.floor(Date.now() / 1000);
  const signature = 'org.keycloak.exceptions.TokenSignatureInvalidException: Invalid token signature';
  const bad: readonly (readonly [words: string, changes: () => ProofChanges | string])[] = [
    ['DPoP header verification failure', () => 'no-token'],
    ['Invalid or missing type in DPoP header: JWT', () => ({ header: { typ: 'JWT' } })],
    ['Unsupported DPoP algorithm: HS256', () => ({ header: { alg: 'HS256' } })],
    ['No JWK in DPoP header', () => ({ header: { jwk: undefined } })],
    [
      'Private key is present in DPoP header',
      () => ({ header: { jwk: makeSigningKey('ES256').privateKey.export({ format: 'jwk' }) } }),
    ],
    [`DPoP verification failure: ${signature}`, () => ({ signer: makeSigningKey('ES256') })],
    ['DPoP mandatory claims are missing', () => ({ claims: { jti: undefined } })],
    ['DPoP HTTP method mismatch', () => ({ claims: { htm: 'GET' } })],
    ['DPoP HTTP URL mismatch', () => ({ claims: { htu: 'http://localhost/token' } })],
    ['DPoP proof is not active', () => ({ claims: { iat: seconds() - 60 } })],
    ['DPoP proof is not active', () => ({ claims: { iat: seconds() + 60 } })],
  ];
  for (const [index, [words, changes]] of bad.entries()) {
    test(`exchange – bad proof ${index + 1} – ${words}`, async () => {
      const bent = changes();
      const proof = typeof bent === 'string' ? bent : client.proof({ url }, bent);
      assert.deepEqual(refusalOf(await exchange(proof)), [400, 'invalid_request', words]);
    });
  }

  test('exchange – the same proof again – refused', async () => {
    const proof = client.proof({ url });
    assert.equal((await exchange(proof)).status, 200);
    assert.deepEqual(refusalOf(await exchange(proof)), [400, 'invalid_request', 'DPoP proof has already been used']);
  });

  test('sign-in of a public client – with a proof – token and refresh token are bound, and good with that key only', async () => {
    const headers = () => ({ dpop: client.proof({ url }) });
    const { body } = await idp.signIn('mcpserver', {
      scope: 'openid offline_access mcp:tools:call',
      headers: headers(),
    });
    assert.equal(body['token_type'], 'DPoP');
    assert.deepEqual(claimsOf(body['access_token'])['cnf'], { jkt: client.jkt, 'kc-jkt-type': 'DPoP' });
    const form = { grant_type: 'refresh_token', client_id: 'demo', refresh_token: String(body['refresh_token']) };
    const other = makeDpopClient();
    assert.deepEqual(refusalOf(await idp.post(url, form)), [400, 'invalid_grant', 'DPoP proof is missing']);
    assert.deepEqual(refusalOf(await idp.post(url, form, undefined, { dpop: other.proof({ url }) })), [
      400,
      'invalid_grant',
      "DPoP confirmation doesn't match DPoP proof",
    ]);
    assert.equal((await idp.post(url, form, undefined, headers())).body['token_type'], 'DPoP');
  });

  test('exchange – the caller’s token is bound to the caller’s key – refused, whatever is proved', async () => {
    const { body } = await idp.signIn('mcpserver', { headers: { dpop: client.proof({ url }) } });
    assert.deepEqual(refusalOf(await exchange(client.proof({ url }), body['access_token'])), [
      400,
      'invalid_request',
      'Sender-constrained token exchange rejected as the token was not issued for the requesting client',
    ]);
  });
});
