import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Secret } from '../../src/model/secret.ts';
import { assertTokenRefused, type Expected } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { addIntrospection, introspectionEntry, type Introspecting } from '../kit/introspecting.ts';
import { skipWithoutRedis, startRedis } from '../kit/start-redis.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** What an issuer says of a token does not fit what the token says of itself, or what the issuer said of it before. */
const clock = { aheadMs: 0 };
let added: Introspecting | undefined;
const lab = await startTokenLab({
  beforeStart: (issuer) => (added = addIntrospection(issuer)),
  server: (usual, issuer) => ({ ...usual, authenticate: [introspectionEntry(issuer, { cacheSeconds: 1 })] }),
  now: () => Date.now() + clock.aheadMs,
});
after(() => lab[Symbol.asyncDispose]());
assert.ok(added);
const provider = added;
const resourceUrl = lab.gateway.servers[0]?.resourceUrl ?? '';
const alice = makeDpopClient();
const mallory = makeDpopClient();

const withProof = async (callerToken: string, holder = alice) =>
  (await post(lab.gateway.mcpUrl, undefined, undefined, holder.headers({ url: resourceUrl, token: callerToken })))
    .status;

describe('a JWT that is bound to a key, and an answer that does not say so (RFC 9449 §6.2)', () => {
  test('without a proof of the key – refused: the binding is in the token', async () => {
    const callerToken = provider.issue(lab.token({ claims: { jti: 'bound', cnf: alice.cnf } }));
    await assertTokenRefused(lab, callerToken, { code: 'token_bound', scheme: 'DPoP' });
  });

  test('with a proof of the key – taken; with one of another key, refused', async () => {
    const callerToken = provider.issue(lab.token({ claims: { jti: 'proven', cnf: alice.cnf } }));
    assert.equal(await withProof(callerToken), 200);
    assert.equal(await withProof(callerToken, mallory), 401);
  });

  test('bound in a way nobody checks here – refused', async () => {
    const cnf = { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' };
    const callerToken = provider.issue(lab.token({ claims: { jti: 'certificate', cnf } }));
    await assertTokenRefused(lab, callerToken, { code: 'token_claim_invalid' });
  });
});

describe('one token, and another answer the second time', () => {
  const invalid: Expected = { code: 'introspection_answer_invalid', status: 502, challenge: 'absent' };

  test("another user – refused: the exchanged token at hand is the first one's", async () => {
    const callerToken = provider.issue('opaque-token-of-two-users');
    assert.equal((await post(lab.gateway.mcpUrl, callerToken)).status, 200);
    provider.issue(callerToken, { sub: 'mallory@example.com' });
    clock.aheadMs += 2_000;
    await assertTokenRefused(lab, callerToken, invalid);
    provider.issue(callerToken);
    assert.equal((await post(lab.gateway.mcpUrl, callerToken)).status, 200);
  });

  test('no longer bound – refused', async () => {
    const callerToken = provider.issue('opaque-token-no-longer-bound', { cnf: alice.cnf, token_type: 'DPoP' });
    assert.equal(await withProof(callerToken), 200);
    provider.issue(callerToken);
    clock.aheadMs += 2_000;
    await assertTokenRefused(lab, callerToken, invalid);
  });
});

test(
  'one token, another user at another replica – exchanged there, not taken out of the shared state',
  { skip: skipWithoutRedis },
  async () => {
    await using redis = await startRedis();
    const state = { url: redis.url, password: new Secret(redis.password), key: new Secret('k'.repeat(32)) };
    const servers = {
      apollo: exchangingServer(lab.issuer, lab.upstream, { authenticate: [introspectionEntry(lab.issuer)] }),
    };
    const options = { config: { state }, stateCommandMs: 5_000 };
    await using a = await startTestGateway(servers, options);
    await using b = await startTestGateway(servers, options);
    const callerToken = provider.issue('opaque-token-of-two-users-at-two-replicas');
    const sent: (string | undefined)[] = [];
    for (const [gateway, sub] of [
      [a, 'alice@example.com'],
      [b, 'mallory@example.com'],
    ] as const) {
      provider.issue(callerToken, { sub });
      assert.equal((await post(gateway.mcpUrl, callerToken)).status, 200);
      sent.push(lab.upstream.seen.at(-1)?.headers.authorization);
    }
    assert.notEqual(sent[0], sent[1]);
  },
);
