import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertTokenRefused, type Expected } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { addIntrospection, introspectionEntry, type Introspecting } from '../kit/introspecting.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

interface OpaqueLab {
  readonly lab: TokenLab;
  readonly provider: Introspecting;
}

async function startLab(changes: Record<string, unknown> = {}, now?: () => number): Promise<OpaqueLab> {
  let provider: Introspecting | undefined;
  const lab = await startTokenLab({
    beforeStart: (issuer) => (provider = addIntrospection(issuer)),
    server: (usual, issuer) => ({ ...usual, authenticate: [introspectionEntry(issuer, changes)] }),
    ...(now === undefined ? {} : { now }),
  });
  assert.ok(provider);
  return { lab, provider };
}

const { lab, provider } = await startLab();
after(() => lab[Symbol.asyncDispose]());
let made = 0;
const fresh = () => `opaque-token-of-alice-${(made += 1)}`;
const status = async (one: TokenLab, callerToken: string) => {
  const response = await post(one.gateway.mcpUrl, callerToken);
  await response.text();
  return response.status;
};

describe('an opaque token', () => {
  test('active, for this server – goes through; asked as RFC 7662 has it, with the client’s proof', async () => {
    const callerToken = provider.issue(fresh());
    assert.equal(await status(lab, callerToken), 200);
    const asked = lab.issuer.server.seen.findLast(({ url }) => url.endsWith('/introspect'));
    assert.deepEqual(Object.fromEntries(new URLSearchParams(asked?.body)), {
      token: callerToken,
      token_type_hint: 'access_token',
    });
    assert.equal(asked?.headers.authorization, `Basic ${Buffer.from('0oaGateway:gateway-secret').toString('base64')}`);
    const [record] = (await lab.gateway.records()).slice(-1);
    assert.equal(record?.who.sub, 'alice@example.com');
    assert.equal(record?.who.client, '0oaClient');
    assert.equal(record?.caller?.iss, lab.issuer.issuer);
  });

  test('active, and the issuer leaves itself out – its callers are those of its endpoint', async () => {
    const callerToken = provider.issue(fresh(), { iss: undefined });
    assert.equal(await status(lab, callerToken), 200);
    assert.equal((await lab.gateway.records()).at(-1)?.who.iss, lab.issuer.issuer);
  });

  test('bound to a key – taken with a proof of the key, refused without', async () => {
    const alice = makeDpopClient();
    const callerToken = provider.issue(fresh(), { token_type: 'DPoP', cnf: alice.cnf });
    const headers = alice.headers({ url: lab.gateway.servers[0]?.resourceUrl ?? '', token: callerToken });
    assert.equal((await post(lab.gateway.mcpUrl, undefined, undefined, headers)).status, 200);
    await assertTokenRefused(lab, callerToken, { code: 'token_bound', scheme: 'DPoP' });
  });

  const hour = Math.floor(Date.now() / 1000) + 3600;
  const refusals: readonly [what: string, changes: Record<string, unknown>, expected: Expected][] = [
    ['not active', { active: false }, { code: 'token_inactive' }],
    ['active in words', { active: 'true' }, { code: 'introspection_answer_invalid', status: 502, challenge: 'absent' }],
    ['active as a number', { active: 1 }, { code: 'introspection_answer_invalid', status: 502, challenge: 'absent' }],
    ['of another issuer', { iss: 'https://evil.example' }, { code: 'issuer_mismatch' }],
    ['for another service', { aud: 'backend' }, { code: 'audience_mismatch' }],
    ['for nobody in particular', { aud: undefined }, { code: 'audience_mismatch' }],
    ['expired, whatever active says', { exp: 1 }, { code: 'token_expired' }],
    ['without an end', { exp: undefined }, { code: 'token_claim_invalid' }],
    ['with an end in words', { exp: String(hour) }, { code: 'token_claim_invalid' }],
    ['not valid yet', { nbf: hour }, { code: 'token_not_yet_valid' }],
    ['of nobody', { sub: undefined }, { code: 'token_claim_invalid' }],
    ['bound to a key', { cnf: { jkt: 'x' } }, { code: 'token_claim_invalid' }],
    ['bound, it says, and not to what', { token_type: 'DPoP' }, { code: 'token_type_refused' }],
    ['of another token type', { token_type: 'N_A' }, { code: 'token_type_refused' }],
    ['of a kind nobody says', { token_type: undefined }, { code: 'token_type_refused' }],
    ['a refresh token, as Keycloak says it', { typ: 'Refresh' }, { code: 'token_type_refused' }],
    ['an ID token, as some say it', { token_use: 'id' }, { code: 'token_type_refused' }],
    [
      'without the scope',
      { scope: 'openid' },
      { code: 'insufficient_scope', status: 403, challenge: 'insufficient_scope', isVerified: true },
    ],
  ];
  for (const [what, changes, expected] of refusals) {
    test(`${what} – refused with ${expected.code}`, async () => {
      await assertTokenRefused(lab, provider.issue(fresh(), changes), expected);
    });
  }
});

describe('an answer that cannot be used', () => {
  const answers: readonly [what: string, respond: Introspecting['respond'], expected: Expected][] = [
    [
      'a signed JWT (RFC 9701)',
      (_, response) =>
        response.writeHead(200, { 'content-type': 'application/token-introspection+jwt' }).end('e30.e30.x'),
      { code: 'introspection_answer_invalid' },
    ],
    ['no JSON', (_, response) => response.writeHead(200).end('<html>'), { code: 'introspection_answer_invalid' }],
    ['a list', (_, response) => sendJson(response, 200, [{ active: true }]), { code: 'introspection_answer_invalid' }],
    [
      'without end',
      (_, response) => sendJson(response, 200, { active: true, x: 'x'.repeat(70_000) }),
      { code: 'introspection_answer_invalid' },
    ],
    [
      'a redirect',
      (_, response) => response.writeHead(307, { location: 'https://evil.example/' }).end(),
      { code: 'introspection_answer_invalid' },
    ],
    [
      'no to the gateway itself',
      (request, response) =>
        sendJson(response, 401, { error: 'invalid_client', error_description: `bad ${request.body}` }),
      { code: 'introspection_misconfigured' },
    ],
    ['status 503', (_, response) => sendJson(response, 500, {}), { code: 'introspection_unavailable', status: 503 }],
    ['a cut connection', (_, response) => response.destroy(), { code: 'introspection_unavailable', status: 503 }],
  ];
  for (const [what, respond, expected] of answers) {
    test(`${what} – ${expected.code}, never a 401`, async () => {
      provider.respond = respond;
      await assertTokenRefused(lab, fresh(), { status: 502, challenge: 'absent', ...expected });
      provider.respond = undefined;
    });
  }

  test('429 with Retry-After – 503, and the issuer is left alone until then', async () => {
    const own = await startLab();
    own.provider.respond = (_, response) => sendJson(response, 429, {}, { 'retry-after': '30' });
    const response = await post(own.lab.gateway.mcpUrl, fresh());
    assert.equal(response.status, 503);
    assert.equal(response.headers.get('retry-after'), '30');
    assert.equal(await status(own.lab, fresh()), 503);
    assert.equal(own.provider.asked.length, 1);
    await own.lab[Symbol.asyncDispose]();
  });
});

describe('how long an answer counts', () => {
  test('calls within the time – one question', async () => {
    const before = provider.asked.length;
    const callerToken = provider.issue(fresh());
    for (let call = 0; call < 3; call += 1) assert.equal(await status(lab, callerToken), 200);
    assert.equal(provider.asked.length, before + 1);
  });

  test('many calls at once with a token nobody knows yet – one question', async () => {
    const before = provider.asked.length;
    const callerToken = provider.issue(fresh());
    const statuses = await Promise.all(Array.from({ length: 20 }, () => status(lab, callerToken)));
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal(provider.asked.length, before + 1);
  });

  test('a token that was revoked – refused once the time is over', async () => {
    let nowMs = Date.now();
    await using own = await startLabWithClock(() => nowMs);
    const callerToken = own.provider.issue(fresh());
    assert.equal(await status(own.lab, callerToken), 200);
    own.provider.tokens.delete(callerToken);
    nowMs += 29_000;
    assert.equal(await status(own.lab, callerToken), 200);
    nowMs += 2_000;
    assert.equal(await status(own.lab, callerToken), 401);
  });

  test('a token that ends before – asked about again then', async () => {
    let nowMs = Date.now();
    await using own = await startLabWithClock(() => nowMs);
    const callerToken = own.provider.issue(fresh(), { exp: Math.floor(nowMs / 1000) + 5 });
    assert.equal(await status(own.lab, callerToken), 200);
    nowMs += 6_000;
    own.provider.tokens.delete(callerToken);
    assert.equal(await status(own.lab, callerToken), 401);
  });

  test('a known token, and the issuer is down when the time is over – 503, not 401 and not through', async () => {
    let nowMs = Date.now();
    await using own = await startLabWithClock(() => nowMs);
    const callerToken = own.provider.issue(fresh());
    assert.equal(await status(own.lab, callerToken), 200);
    own.provider.respond = (_, response) => sendJson(response, 500, {});
    nowMs += 31_000;
    assert.equal(await status(own.lab, callerToken), 503);
  });

  test('acceptUntyped, where the issuer never says the kind – goes through', async () => {
    const own = await startLab({ acceptUntyped: true });
    assert.equal(await status(own.lab, own.provider.issue(fresh(), { token_type: undefined })), 200);
    assert.equal(await status(own.lab, own.provider.issue(fresh(), { token_type: undefined, typ: 'Refresh' })), 401);
    await own.lab[Symbol.asyncDispose]();
  });

  test('cacheSeconds 0 – a question for each call', async () => {
    const own = await startLab({ cacheSeconds: 0 });
    const callerToken = own.provider.issue(fresh());
    for (let call = 0; call < 3; call += 1) assert.equal(await status(own.lab, callerToken), 200);
    assert.equal(own.provider.asked.length, 3);
    own.provider.tokens.delete(callerToken);
    assert.equal(await status(own.lab, callerToken), 401);
    await own.lab[Symbol.asyncDispose]();
  });
});

describe('a flood of bad tokens', () => {
  test('the same one again and again – the issuer hears of it once', async () => {
    const before = provider.asked.length;
    const callerToken = fresh();
    for (let call = 0; call < 10; call += 1) assert.equal(await status(lab, callerToken), 401);
    assert.equal(provider.asked.length, before + 1);
  });

  test('600 different ones – a bounded number of questions; whoever is known goes on, even when asked about anew', async () => {
    let nowMs = Date.now();
    await using own = await startLabWithClock(() => nowMs);
    const known = own.provider.issue(fresh());
    assert.equal(await status(own.lab, known), 200);
    const statuses: number[] = [];
    for (let round = 0; round < 6; round += 1)
      statuses.push(...(await Promise.all(Array.from({ length: 100 }, () => status(own.lab, fresh())))));
    assert.deepEqual(new Set(statuses), new Set([401, 503]));
    // The clock stands still: nothing came back.
    assert.equal(own.provider.asked.length, 201);
    nowMs += 31_000;
    // Twenty a second: the burst is there again. Used up once more.
    await Promise.all(Array.from({ length: 250 }, () => status(own.lab, fresh())));
    assert.equal(await status(own.lab, known), 200);
    assert.equal(own.provider.asked.length, 402);
  });
});

describe('several issuers in one list', () => {
  test('a JWT of an issuer that signs, and an opaque one – each goes to its own', async () => {
    await using signing = await startIssuer();
    await using own = await startTwo(signing);
    assert.equal(await status(own.lab, await signing.sign()), 200);
    assert.deepEqual(own.provider.asked, []);
    assert.equal(await status(own.lab, own.provider.issue(fresh())), 200);
    assert.equal(own.provider.asked.length, 1);
  });

  test('a JWT of the issuer that is asked – asked about, not verified', async () => {
    await using signing = await startIssuer();
    await using own = await startTwo(signing);
    const callerToken = own.provider.issue(own.lab.token());
    assert.equal(await status(own.lab, callerToken), 200);
    assert.deepEqual(own.provider.asked, [callerToken]);
  });

  test('JWTs of strangers, changed ones and fragments – refused, and nobody is asked', async () => {
    await using signing = await startIssuer();
    await using own = await startTwo(signing);
    const good = await signing.sign();
    const stranger = await signing.sign({ iss: 'https://evil.example' });
    const [header = '', payload = ''] = good.split('.');
    for (const bad of [stranger, `${header}.${payload}`, `${header}.${payload}.`, `${header}.x.y`, `${good}x`])
      assert.equal(await status(own.lab, bad), 401, bad.slice(-20));
    assert.deepEqual(own.provider.asked, []);
  });

  test('two that are asked – the prefix says which; a token of neither is nobody’s', async () => {
    await using other = await startIssuer();
    const beta = addIntrospection(other);
    let alpha: Introspecting | undefined;
    await using two = await startTokenLab({
      beforeStart: (issuer) => (alpha = addIntrospection(issuer)),
      server: (usual, issuer) => ({
        ...usual,
        authenticate: [
          introspectionEntry(issuer, { tokenPrefix: 'alpha_' }),
          introspectionEntry(other, { tokenPrefix: 'beta_' }),
        ],
      }),
    });
    assert.equal(await status(two, beta.issue('beta_token-of-alice')), 200);
    assert.equal(await status(two, 'gamma_token-of-alice'), 401);
    assert.deepEqual([alpha?.asked, beta.asked], [[], ['beta_token-of-alice']]);
  });
});

type DisposableLab = OpaqueLab & AsyncDisposable;

async function startLabWithClock(now: () => number): Promise<DisposableLab> {
  return disposable(await startLab({}, now));
}

/** One issuer whose tokens are verified, and one who is asked. */
async function startTwo(signing: Awaited<ReturnType<typeof startIssuer>>): Promise<DisposableLab> {
  let asked: Introspecting | undefined;
  const two = await startTokenLab({
    beforeStart: (issuer) => (asked = addIntrospection(issuer)),
    server: (usual, issuer) => ({
      ...usual,
      authenticate: [{ strategy: 'jwt', issuer: signing.issuer, audience: ['mcpserver'] }, introspectionEntry(issuer)],
    }),
  });
  assert.ok(asked);
  return disposable({ lab: two, provider: asked });
}

function disposable(one: OpaqueLab): DisposableLab {
  return { ...one, [Symbol.asyncDispose]: () => one.lab[Symbol.asyncDispose]() };
}
