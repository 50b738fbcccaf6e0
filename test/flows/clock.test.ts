import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

const hourMs = 3_600_000;

/** A lab whose gateway's clock the test moves; the API takes what it was not told to refuse. */
async function startMovable() {
  const scene = { nowMs: Date.now(), refused: '' };
  const lab = await startTokenLab({
    now: () => scene.nowMs,
    respond: ({ headers }, response) =>
      sendJson(response, headers.authorization === scene.refused ? 401 : 200, { jsonrpc: '2.0', id: 1, result: {} }),
  });
  const exchanges = () => lab.issuer.count('/oauth2/as1/v1/token');
  return { lab, scene, exchanges };
}

test('the clock set forward by hours – a token that was known is refused as expired, nothing is forwarded with it', async () => {
  const { lab, scene } = await startMovable();
  await using all = lab;
  const callerToken = all.token();
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  scene.nowMs += 5 * hourMs;
  const response = await post(all.gateway.mcpUrl, callerToken);
  assert.equal(response.status, 401);
  assert.match(await response.text(), /token_expired/);
  assert.equal(all.upstream.seen.length, 1);
  scene.nowMs -= 5 * hourMs;
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
});

test('the clock set back by hours – a new token is refused as not yet valid, a known one goes on', async () => {
  const { lab, scene } = await startMovable();
  await using all = lab;
  const callerToken = all.token();
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  const nbf = Math.floor(scene.nowMs / 1000);
  scene.nowMs -= 5 * hourMs;
  assert.equal((await post(all.gateway.mcpUrl, all.token({ claims: { nbf, exp: nbf + 3600 } }))).status, 401);
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
});

test('the clock set back by hours – an exchanged token of the time before – exchanged anew, the API never sees it again', async () => {
  const { lab, scene, exchanges } = await startMovable();
  await using all = lab;
  const callerToken = all.token();
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  assert.equal(exchanges(), 1);
  scene.nowMs -= 5 * hourMs;
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  assert.equal(exchanges(), 2);
  const [before, after] = all.upstream.seen.map(({ headers }) => headers.authorization);
  assert.notEqual(before, after);
  assert.equal(all.upstream.seen.length, 2);
});

test('the clock set back by minutes – an exchanged token that is over at the API – exchanged anew, the caller hears nothing of it', async () => {
  const { lab, scene, exchanges } = await startMovable();
  await using all = lab;
  const callerToken = all.token();
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  scene.refused = String(all.upstream.seen[0]?.headers.authorization);
  scene.nowMs += hourMs / 6;
  scene.nowMs -= hourMs / 12;
  assert.equal((await post(all.gateway.mcpUrl, callerToken)).status, 200);
  assert.equal(exchanges(), 2);
});
