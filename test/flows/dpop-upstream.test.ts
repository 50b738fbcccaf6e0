import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { EmbeddedJWK, jwtVerify, type JWTPayload } from 'jose';
import { bindTokens } from '../kit/bind-tokens.ts';
import { post } from '../kit/call.ts';
import { sendJson, type Respond, type SeenRequest } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** A gateway whose exchanged tokens are bound to its key, in front of a server that does with the proofs what it likes. */
async function startLab(respond: Respond, more: Record<string, unknown> = {}) {
  const lab = await startTokenLab({
    respond,
    server: (given) => ({
      ...given,
      credential: { ...given.credential, dpop: true, ...more } as typeof given.credential,
    }),
  });
  bindTokens(lab.issuer);
  return { lab, exchanges: () => lab.issuer.count('/oauth2/as1/v1/token') };
}

const fine = { jsonrpc: '2.0', id: 1, result: {} };
async function claimsOf(request: SeenRequest | undefined): Promise<JWTPayload> {
  return (await jwtVerify(String(request?.headers['dpop']), EmbeddedJWK, { typ: 'dpop+jwt' })).payload;
}
const wantNonce = (nonce: string, response: ServerResponse): void =>
  sendJson(response, 401, {}, { 'www-authenticate': 'DPoP error="use_dpop_nonce", algs="ES256"', 'dpop-nonce': nonce });

describe('a server behind that gets bound tokens', () => {
  test('each call – the scheme DPoP and a proof of its own for the server, its method and the token', async () => {
    const { lab, exchanges } = await startLab((_, response) => sendJson(response, 200, fine));
    await using _ = lab;
    const callerToken = lab.token();
    for (let call = 0; call < 2; call += 1) assert.equal((await post(lab.gateway.mcpUrl, callerToken)).status, 200);
    assert.equal(exchanges(), 1);
    const [first, second] = lab.upstream.seen;
    const claims = await claimsOf(first);
    const token = String(first?.headers['authorization']).slice('DPoP '.length);
    assert.deepEqual(
      [claims['htm'], claims['htu'], claims['ath']],
      ['POST', `${lab.upstream.url}/mcp`, hash('sha256', token, 'base64url')],
    );
    assert.match(String(first?.headers['authorization']), /^DPoP eyJ/);
    assert.notEqual(claims.jti, (await claimsOf(second)).jti);
  });
  test('the caller’s own proof header – is not what arrives', async () => {
    const { lab } = await startLab((_, response) => sendJson(response, 200, fine));
    await using _ = lab;
    await post(lab.gateway.mcpUrl, lab.token(), undefined, { dpop: 'of-the-caller' });
    assert.match(String(lab.upstream.seen[0]?.headers['dpop']), /^eyJ[^,]+$/);
  });
  test('one that wants a nonce – the call is repeated once with it, without another exchange; the next has it', async () => {
    let nonce = 'n-1';
    const { lab, exchanges } = await startLab(async (request, response) => {
      if ((await claimsOf(request))['nonce'] !== nonce) return wantNonce(nonce, response);
      sendJson(response, 200, fine, { 'dpop-nonce': (nonce = 'n-2') });
    });
    await using _ = lab;
    const callerToken = lab.token();
    const answer = await post(lab.gateway.mcpUrl, callerToken);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('dpop-nonce'), null, 'a nonce for us is not the caller’s');
    assert.equal((await post(lab.gateway.mcpUrl, callerToken)).status, 200);
    const seen = await Promise.all(lab.upstream.seen.map(claimsOf));
    assert.deepEqual(
      seen.map((claims) => claims['nonce']),
      [undefined, 'n-1', 'n-2'],
    );
    assert.equal(exchanges(), 1);
  });
  test('one that wants a nonce of several calls at once – each is repeated with it', async () => {
    let waiting = 0;
    const allThere = Promise.withResolvers<void>();
    const { lab } = await startLab(async (request, response) => {
      if ((await claimsOf(request))['nonce'] === 'n-1') return sendJson(response, 200, fine);
      waiting += 1;
      if (waiting === 5) allThere.resolve();
      await allThere.promise;
      wantNonce('n-1', response);
    });
    await using _ = lab;
    const callerToken = lab.token();
    const calls = Array.from({ length: 5 }, async () => (await post(lab.gateway.mcpUrl, callerToken)).status);
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([200]));
    assert.equal(lab.upstream.seen.length, 10);
  });
  test('one that always wants another nonce – 502 after the second, the caller sees no challenge', async () => {
    let count = 0;
    const { lab, exchanges } = await startLab((_, response) => wantNonce(`n-${(count += 1)}`, response));
    await using _ = lab;
    const answer = await post(lab.gateway.mcpUrl, lab.token());
    assert.equal(answer.status, 502);
    assert.match(await answer.text(), /upstream_refused_credential/);
    assert.equal(answer.headers.get('www-authenticate'), null);
    assert.deepEqual([count, exchanges()], [2, 1]);
  });
  test('one that refuses a kept token – a new token, with a new proof', async () => {
    let refuses = false;
    const { lab, exchanges } = await startLab((_, response) => {
      if (!refuses) return sendJson(response, 200, fine);
      refuses = false;
      sendJson(response, 401, {});
    });
    await using _ = lab;
    const callerToken = lab.token();
    await post(lab.gateway.mcpUrl, callerToken);
    refuses = true;
    assert.equal((await post(lab.gateway.mcpUrl, callerToken)).status, 200);
    assert.deepEqual([exchanges(), lab.upstream.seen.length], [2, 3]);
    const ath = (await Promise.all(lab.upstream.seen.map(claimsOf))).map((claims) => claims['ath']);
    assert.ok(ath[0] === ath[1] && ath[1] !== ath[2]);
  });
  test('one that hands token and proof on – the proof is for the service behind it', async () => {
    const dpopUrl = 'https://api.example.com/graphql';
    const { lab } = await startLab((_, response) => sendJson(response, 200, fine), { dpopUrl });
    await using _ = lab;
    await fetch(lab.gateway.mcpUrl, { headers: { authorization: `Bearer ${lab.token()}` } });
    const claims = await claimsOf(lab.upstream.seen[0]);
    assert.deepEqual([claims['htm'], claims['htu']], ['POST', dpopUrl]);
  });
});

test('a key file that is none – the gateway does not start', async () => {
  await using issuer = await startIssuer();
  const usual = exchangingServer(issuer, { url: 'http://127.0.0.1:1' });
  const credential = {
    ...usual.credential,
    dpop: true,
    dpopKeyFile: '/nonexistent/key.pem',
  } as typeof usual.credential;
  await assert.rejects(
    startTestGateway({ apollo: { ...usual, credential } }),
    /dpopKeyFile: "\/nonexistent\/key\.pem" cannot be read/,
  );
});
