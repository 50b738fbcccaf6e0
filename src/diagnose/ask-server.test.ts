import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRoute } from '../../test/kit/build-routed.ts';
import { sendJson, startHttpServer } from '../../test/kit/start-http-server.ts';
import type { UpstreamProof } from '../model/upstream-credential.ts';
import { Secret } from '../model/secret.ts';
import { buildHttpUpstream } from '../upstreams/http/build-http-upstream.ts';
import { askServer } from './ask-server.ts';

/** A proof that only says which nonce it holds. */
function buildProof(): UpstreamProof {
  let known = 'none';
  return {
    prove: (method, url) => `${method} ${new URL(url).pathname} ${known}`,
    learnNonce(_, nonce, sent) {
      if (typeof nonce !== 'string') return false;
      known = nonce;
      return !sent.endsWith(nonce);
    },
  };
}

test('askServer – a token that is bound, a server that wants its nonce – the proof is made anew, once', async () => {
  await using server = await startHttpServer(({ headers }, response) =>
    headers['dpop'] === 'POST /mcp n1'
      ? sendJson(response, 200, { result: {} })
      : sendJson(response, 401, {}, { 'dpop-nonce': 'n1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }),
  );
  const upstream = buildHttpUpstream({ url: `${server.url}/mcp`, answerTimeoutMs: 5_000 });
  const header = { name: 'authorization', value: new Secret('DPoP token-of-the-test') };
  const credential = { header, proof: buildProof(), claims: undefined, source: 'fresh', waitedMs: 0 } as const;
  try {
    const answer = await askServer(buildRoute({ upstream }), credential, { method: 'tools/list' });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      server.seen.map(({ headers }) => headers['dpop']),
      ['POST /mcp none', 'POST /mcp n1'],
    );
  } finally {
    await upstream.close();
  }
});

test('askServer – an event stream that stays open – its first message is the answer', async () => {
  await using server = await startHttpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"tools":[]}}\n\n');
  });
  const upstream = buildHttpUpstream({ url: `${server.url}/mcp`, answerTimeoutMs: 5_000 });
  try {
    const { message } = await askServer(buildRoute({ upstream }), undefined, { method: 'tools/list' });
    assert.deepEqual(message, { jsonrpc: '2.0', id: 1, result: { tools: [] } });
  } finally {
    await upstream.close();
  }
});
