import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { claimsOf, startTestIdp, type IdpAnswer, type TestIdp } from '../../test/kit/start-test-idp.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

describe('DPoP', () => {
  let idp: TestIdp;
  let key: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  let jwk: JWK;
  let form: Record<string, string>;

  before(async () => {
    idp = await startTestIdp((seed) => {
      for (const app of seed.apps) if (app.clientId === 'gateway') app['requireDpop'] = true;
    });
    const pair = await generateKeyPair('ES256', { extractable: true });
    key = pair.privateKey;
    jwk = await exportJWK(pair.publicKey);
    const subject = await idp.signIn('mcpserver');
    form = {
      grant_type: exchangeGrant,
      subject_token: String(subject.body['access_token']),
      subject_token_type: accessTokenType,
      audience: 'backend',
      scope: 'backend-api:read',
    };
  });
  after(async () => await idp[Symbol.asyncDispose]());

  async function proof(url: string, claims: Record<string, unknown> = {}, method = 'POST'): Promise<string> {
    return await new SignJWT({ htm: method, htu: url, jti: randomUUID(), ...claims })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
      .setIssuedAt()
      .sign(key);
  }

  async function exchange(dpop?: string): Promise<IdpAnswer> {
    const headers = dpop === undefined ? {} : { dpop };
    return await idp.post(idp.server('backend').tokenUrl, form, 'gateway:gateway-development-secret', headers);
  }

  /** A nonce of the server, as its first answer to a proof gives it. */
  async function nonce(): Promise<string> {
    return (await exchange(await proof(idp.server('backend').tokenUrl))).headers.get('dpop-nonce') ?? '';
  }

  test('app that requires DPoP – no proof – the header is missing', async () => {
    const answer = await exchange();
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      error: 'invalid_dpop_proof',
      error_description: 'The DPoP proof JWT header is missing.',
    });
  });

  test('app that requires DPoP – proof without nonce – is given one', async () => {
    const answer = await exchange(await proof(idp.server('backend').tokenUrl));
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, {
      error: 'use_dpop_nonce',
      error_description: 'Authorization server requires nonce in DPoP proof.',
    });
    assert.ok((answer.headers.get('dpop-nonce') ?? '') !== '');
  });

  test('app that requires DPoP – proof with nonce – token is bound to the key', async () => {
    const answer = await exchange(await proof(idp.server('backend').tokenUrl, { nonce: await nonce() }));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body['token_type'], 'DPoP');
    assert.deepEqual(claimsOf(answer.body['access_token'])['cnf'], { jkt: await calculateJwkThumbprint(jwk) });
  });

  test('proof – for another URL, or used twice – is refused', async () => {
    const elsewhere = await exchange(await proof('https://localhost/elsewhere', { nonce: await nonce() }));
    assert.equal(elsewhere.status, 400);
    assert.equal(elsewhere.body['error'], 'invalid_dpop_proof');
    const once = await proof(idp.server('backend').tokenUrl, { nonce: await nonce() });
    assert.equal((await exchange(once)).status, 200);
    assert.equal((await exchange(once)).status, 400);
  });

  test('userinfo – DPoP-bound token – needs a proof over the token and takes no Bearer', async () => {
    const { tokenUrl, issuer } = idp.server('mcpserver');
    const first = await idp.signIn('mcpserver', { headers: { dpop: await proof(tokenUrl) } });
    const dpop = await proof(tokenUrl, { nonce: first.headers.get('dpop-nonce') ?? '' });
    const { body } = await idp.signIn('mcpserver', { headers: { dpop } });
    const token = String(body['access_token']);
    const url = `${issuer}/v1/userinfo`;
    const ath = createHash('sha256').update(token).digest('base64url');
    const bound = await idp.send(url, {
      headers: { authorization: `DPoP ${token}`, dpop: await proof(url, { ath }, 'GET') },
    });
    assert.equal(bound.status, 200, bound.text);
    const bearer = await idp.send(url, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(bearer.status, 401);
  });
});
