import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { identity } from '../../../test/kit/start-exchange.ts';
import { startCredential } from '../../../test/kit/start-credential.ts';
import { encodePart } from '../../../test/kit/signing-key.ts';
import { sendJson, type SeenRequest } from '../../../test/kit/start-http-server.ts';
import { until } from '../../../test/kit/until.ts';
import type { ExplainRefusal } from '../../model/provider.ts';
import { Secret } from '../../model/secret.ts';
import { buildTokenExchangeSource } from '../token-exchange/build-token-exchange-credential.ts';
import { tokenExchangeSchema } from '../token-exchange/schema.ts';
import { buildChainCredential } from './build-chain-credential.ts';

function jwt(claims: Record<string, unknown>): string {
  return `${encodePart({ alg: 'RS256' })}.${encodePart(claims)}.c2lnbmF0dXJl`;
}

const issued = { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', token_type: 'Bearer' };

/** The first exchange at /here, whose tokens live an hour, the second at /there, whose tokens live ten minutes. */
async function start(explainRefusal?: ExplainRefusal) {
  const all = await startCredential((url, deps) => {
    const steps = ['here', 'there'].map((place) => {
      const given = {
        url: url.replace('token', place),
        clientId: `gateway-${place}`,
        clientSecret: new Secret(`secret-${place}`),
        audience: [place],
      };
      return buildTokenExchangeSource(tokenExchangeSchema.parse(given), { ...deps, explainRefusal });
    });
    return buildChainCredential({ header: 'Authorization' }, steps, deps);
  });
  const counts = { here: 0, there: 0 };
  /** Set by a test: answers instead, where it returns true. */
  const bend: { respond: ((place: string, response: Parameters<typeof sendJson>[0]) => boolean) | undefined } = {
    respond: undefined,
  };
  all.scene.respond = ({ url }: SeenRequest, response) => {
    const place = url === '/here' ? 'here' : 'there';
    counts[place] += 1;
    if (bend.respond?.(place, response) === true) return;
    const act = place === 'there' ? { act: { sub: 'gateway-there', act: { sub: 'gateway-here' } } } : {};
    const claims = {
      iss: `https://${place}.example`,
      aud: place,
      sub: 'alice',
      jti: `${place}-${counts[place]}`,
      ...act,
    };
    sendJson(response, 200, { ...issued, access_token: jwt(claims), expires_in: place === 'here' ? 3600 : 600 });
  };
  const { signal } = new AbortController();
  return {
    ...all,
    counts,
    bend,
    obtain: (user: ReturnType<typeof identity>) => all.credential.obtain(user, { signal }),
  };
}

test('a call – hands the caller’s token in here and what comes out there, as another client', async () => {
  await using all = await start();
  const alice = identity(all.scene.nowMs);
  const { header } = await all.obtain(alice);
  const [first, second] = all.forms();
  assert.equal(first?.get('subject_token'), alice.callerToken);
  assert.match(second?.get('subject_token') ?? '', /^ey/);
  assert.notEqual(second?.get('subject_token'), alice.callerToken);
  assert.ok(!header?.value.reveal().includes(second?.get('subject_token') ?? '?'));
  assert.deepEqual(
    all.seen.map(({ headers }) => Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()),
    ['gateway-here:secret-here', 'gateway-there:secret-there'],
  );
});

test('what is handed out – has the trail: each token in turn, and who acts for the user', async () => {
  await using all = await start();
  const { claims, steps } = await all.obtain(identity(all.scene.nowMs));
  assert.deepEqual(steps, [
    { strategy: 'token-exchange', iss: 'https://here.example', aud: 'here', sub: 'alice', jti: 'here-1' },
  ]);
  assert.equal(claims?.jti, 'there-1');
  assert.deepEqual(claims?.act, ['gateway-there', 'gateway-here']);
});

test('the last token is over – asked for anew with the first, which is still good', async () => {
  await using all = await start();
  const alice = identity(all.scene.nowMs, 'alice', 7200);
  await all.obtain(alice);
  all.scene.nowMs += 600_000;
  const { claims } = await all.obtain(alice);
  assert.equal(claims?.jti, 'there-2');
  assert.deepEqual(all.counts, { here: 1, there: 2 });
});

test('the next one – is asked for ahead, and no call waits', async () => {
  await using all = await start();
  const alice = identity(all.scene.nowMs, 'alice', 7200);
  await all.obtain(alice);
  all.scene.nowMs += 500_000;
  assert.ok(!(all.obtain(alice) instanceof Promise));
  await until(async () => (await all.obtain(alice)).claims?.jti === 'there-2');
  assert.deepEqual(all.counts, { here: 1, there: 2 });
});

test('20 calls of one user at once – each step is asked once', async () => {
  await using all = await start();
  const alice = identity(all.scene.nowMs);
  await Promise.all(Array.from({ length: 20 }, async () => all.obtain(alice)));
  assert.deepEqual(all.counts, { here: 1, there: 1 });
});

test('two users – have a chain each', async () => {
  await using all = await start();
  await all.obtain(identity(all.scene.nowMs));
  await all.obtain(identity(all.scene.nowMs, 'bob'));
  assert.deepEqual(all.counts, { here: 2, there: 2 });
});

test('a kept first token that was withdrawn – once more with a new one', async () => {
  await using all = await start();
  const alice = identity(all.scene.nowMs, 'alice', 7200);
  await all.obtain(alice);
  all.scene.nowMs += 600_000;
  all.bend.respond = (place, response) => {
    const isRefused = place === 'there' && all.counts.here === 1;
    if (isRefused) sendJson(response, 400, { error: 'invalid_grant' });
    return isRefused;
  };
  const { claims } = await all.obtain(alice);
  assert.equal(claims?.jti, 'there-3');
  assert.deepEqual(all.counts, { here: 2, there: 3 });
});

describe('a refusal', () => {
  const rows = [
    ['here', 'invalid_grant', 'exchange_subject_refused', /^Step 1 of 2, token-exchange: /],
    ['there', 'invalid_grant', 'exchange_denied', /^Step 2 of 2, token-exchange: /],
    ['there', 'invalid_client', 'exchange_misconfigured', /^Step 2 of 2, token-exchange: /],
  ] as const;
  for (const [place, error, code, hint] of rows) {
    test(`${error} ${place} – ${code}, and the hint says which step it was`, async () => {
      await using all = await start();
      all.bend.respond = (asked, response) => {
        if (asked === place) sendJson(response, 400, { error });
        return asked === place;
      };
      const refusal = await all.refusal(identity(all.scene.nowMs));
      assert.equal(refusal.code, code);
      assert.match(refusal.hint, hint);
      assert.deepEqual(all.counts, { here: 1, there: place === 'here' ? 0 : 1 });
      assert.ok(!refusal.message.includes('Step'), 'the caller need not know');
    });
  }
  test('it stands for some seconds – no step is asked meanwhile', async () => {
    await using all = await start();
    all.bend.respond = (asked, response) => {
      if (asked === 'there') sendJson(response, 400, { error: 'access_denied' });
      return asked === 'there';
    };
    const alice = identity(all.scene.nowMs);
    await all.refusal(alice);
    await all.refusal(alice);
    assert.deepEqual(all.counts, { here: 1, there: 1 });
  });
  for (const back of [0, 1]) {
    test(`${back === 0 ? 'the caller’s token' : 'the first token'} comes back from the last step – refused`, async () => {
      await using all = await start();
      all.bend.respond = (asked, response) => {
        const access_token = all.forms()[back]?.get('subject_token');
        if (asked === 'there') sendJson(response, 200, { ...issued, access_token, expires_in: 60 });
        return asked === 'there';
      };
      assert.equal((await all.refusal(identity(all.scene.nowMs))).code, 'exchange_answer_invalid');
    });
  }
});

test('a step is refused in words that are known – the refusal has their cause and what to do', async () => {
  const known = { id: 'no-trust', answer: {}, cause: 'Nobody trusts it.', fix: 'Trust it.', source: 'a test' };
  await using all = await start(() => known);
  all.bend.respond = (_, response) => {
    sendJson(response, 400, { error: 'invalid_request' });
    return true;
  };
  const refusal = await all.refusal(identity(all.scene.nowMs));
  assert.equal(refusal.known, known);
  assert.match(refusal.hint, /^Step 1 of 2, token-exchange: .*Nobody trusts it\. Trust it\.$/);
});
