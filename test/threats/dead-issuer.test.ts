import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { assertTokenRefused } from '../kit/assert-refused.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

const unavailable = { code: 'keys_unavailable', status: 503, challenge: 'absent' } as const;

/** A lab whose issuer answers nothing but its token endpoint until it is told to. */
async function startWithDeadIssuer(): Promise<{ readonly lab: TokenLab; recover: () => void } & AsyncDisposable> {
  const lab = await startTokenLab({ beforeStart: (issuer) => (issuer.onOther = dead) });
  return {
    lab,
    recover: () => (lab.issuer.onOther = () => false),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

const dead: TokenLab['issuer']['onOther'] = (_, response) => {
  response.destroy();
  return true;
};

test('an issuer that does not answer – 503 with Retry-After and no challenge: the token may be good', async () => {
  await using all = await startWithDeadIssuer();
  const { headers, record } = await assertTokenRefused(all.lab, all.lab.token(), unavailable);
  assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  assert.match(record.hint ?? '', /connection closed/);
});

test('an issuer that does not answer and a token for somebody else – 401, that needs no key', async () => {
  await using all = await startWithDeadIssuer();
  const token = all.lab.token({ claims: { aud: 'backend' } });
  await assertTokenRefused(all.lab, token, { code: 'audience_mismatch' });
});

test('an issuer that answers again – the same gateway takes the token within a second', async () => {
  await using all = await startWithDeadIssuer();
  const token = all.lab.token();
  await assertTokenRefused(all.lab, token, unavailable);
  all.recover();
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal((await post(all.lab.gateway.mcpUrl, token)).status, 200);
});

test('readiness – 503 while there are no keys, naming the server; 200 afterwards', async () => {
  await using all = await startWithDeadIssuer();
  const ready = `${all.lab.gateway.url}/ready`;
  const before = await fetch(ready);
  assert.equal(before.status, 503);
  assert.deepEqual(await before.json(), { status: 'not ready', waitingFor: ['the issuer of tokens for apollo'] });
  all.recover();
  await new Promise((resolve) => setTimeout(resolve, 600));
  await post(all.lab.gateway.mcpUrl, all.lab.token());
  assert.equal((await fetch(ready)).status, 200);
});
