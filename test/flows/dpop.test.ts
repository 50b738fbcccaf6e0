import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { post, toolCall } from '../kit/call.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

const startLab = (dpop: { required?: boolean; nonces?: boolean } = {}) =>
  startTokenLab({ server: (given) => ({ ...given, dpop }) });
const resourceOf = (lab: Awaited<ReturnType<typeof startLab>>) => lab.gateway.servers[0]?.resourceUrl ?? '';
const metadataOf = async (lab: Awaited<ReturnType<typeof startLab>>): Promise<unknown> =>
  (await fetch(`${lab.gateway.url}/.well-known/oauth-protected-resource/mcp`)).json();

describe('a server as it is', () => {
  test('its metadata – says that proofs are taken and not needed', async () => {
    await using lab = await startLab();
    const metadata = (await metadataOf(lab)) as Record<string, unknown>;
    assert.equal(metadata['dpop_bound_access_tokens_required'], false);
    const algorithms = metadata['dpop_signing_alg_values_supported'];
    assert.ok(Array.isArray(algorithms) && algorithms.includes('ES256'));
    assert.ok(!algorithms.some((alg: unknown) => String(alg).startsWith('HS') || alg === 'none'));
  });
  test('a caller without a token – is challenged as ever, by Bearer', async () => {
    await using lab = await startLab();
    const answer = await post(lab.gateway.mcpUrl, undefined);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer scope="mcp:tools:call", resource_metadata="/);
  });
  test('a known bound token – verified once, every call with a proof of its own', async () => {
    await using lab = await startLab();
    const client = makeDpopClient();
    const request = { url: resourceOf(lab), token: lab.token({ claims: { cnf: client.cnf } }) };
    for (let call = 0; call < 3; call += 1) {
      const answer = await post(lab.gateway.mcpUrl, undefined, toolCall(), client.headers(request));
      assert.equal(answer.status, 200, await answer.text());
    }
    assert.equal(lab.issuer.count('/oauth2/as1/v1/token'), 1, 'one exchange');
  });
  test('GET and DELETE – with proofs for them', async () => {
    await using lab = await startLab();
    const client = makeDpopClient();
    const token = lab.token({ claims: { cnf: client.cnf } });
    for (const method of ['GET', 'DELETE']) {
      const headers = client.headers({ url: resourceOf(lab), token, method });
      const answer = await fetch(lab.gateway.mcpUrl, { method, headers });
      assert.equal(answer.status, 200, await answer.text());
    }
  });
  test('a page in a browser – may send a proof and read the nonce', async () => {
    await using lab = await startLab();
    const answer = await fetch(lab.gateway.mcpUrl, {
      method: 'OPTIONS',
      headers: {
        origin: new URL(resourceOf(lab)).origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, dpop, x-other',
      },
    });
    assert.equal(answer.headers.get('access-control-allow-headers'), 'authorization, dpop');
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /DPoP-Nonce/);
  });
});

describe('a server that requires it', () => {
  test('its metadata and its challenge – say so', async () => {
    await using lab = await startLab({ required: true });
    const metadata = (await metadataOf(lab)) as Record<string, unknown>;
    assert.equal(metadata['dpop_bound_access_tokens_required'], true);
    const answer = await post(lab.gateway.mcpUrl, undefined);
    assert.equal(answer.status, 401);
    assert.match(
      answer.headers.get('www-authenticate') ?? '',
      /^DPoP algs="ES256 [^"]+", scope="mcp:tools:call", resource_metadata="[^"]+"$/,
    );
  });
  test('a bearer token – is refused, and nothing is exchanged', async () => {
    await using lab = await startLab({ required: true });
    const answer = await post(lab.gateway.mcpUrl, lab.token());
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('www-authenticate') ?? '', /^DPoP error="invalid_token", .*bound ones only/);
    assert.equal(lab.upstream.seen.length + lab.issuer.count('/oauth2/as1/v1/token'), 0);
  });
});

describe('nonces', () => {
  test('a first call – gets one, and is repeated with it', async () => {
    await using lab = await startLab({ nonces: true });
    const client = makeDpopClient();
    const request = { url: resourceOf(lab), token: lab.token({ claims: { cnf: client.cnf } }) };
    const first = await post(lab.gateway.mcpUrl, undefined, toolCall(), client.headers(request));
    assert.equal(first.status, 401);
    assert.match(first.headers.get('www-authenticate') ?? '', /^DPoP error="use_dpop_nonce"/);
    assert.equal(first.headers.get('cache-control'), 'no-store');
    const nonce = first.headers.get('dpop-nonce') ?? '';
    const headers = client.headers(request, { claims: { nonce } });
    const second = await post(lab.gateway.mcpUrl, undefined, toolCall(), headers);
    assert.equal(second.status, 200, await second.text());
    assert.equal(second.headers.get('dpop-nonce'), null);
  });
});
