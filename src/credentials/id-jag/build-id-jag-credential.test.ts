import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { identity } from '../../../test/kit/start-exchange.ts';
import { startCredential } from '../../../test/kit/start-credential.ts';
import { encodePart } from '../../../test/kit/signing-key.ts';
import { sendJson, type SeenRequest } from '../../../test/kit/start-http-server.ts';
import { Secret } from '../../model/secret.ts';
import { buildIdJagCredential } from './build-id-jag-credential.ts';
import { idJagSchema } from './schema.ts';

const tokenType = 'urn:ietf:params:oauth:token-type:';
const grantType = 'oauth-id-jag+jwt';
const partner = 'https://auth.partner.example';
const resource = 'https://api.partner.example/mcp';

function jwt(claims: Record<string, unknown>, typ?: string): string {
  return `${encodePart({ alg: 'RS256', typ })}.${encodePart(claims)}.c2lnbmF0dXJl`;
}

/** What each of the two answers, beside what is usual. */
interface Answers {
  grant: Record<string, unknown>;
  token: Record<string, unknown>;
  tokenStatus: number;
}

/** The provider at /idp, the other company's server at /partner. */
async function start(more: Record<string, unknown> = {}) {
  const all = await startCredential((url, deps) => {
    const base = url.replace('/token', '');
    const given = {
      strategy: 'id-jag',
      url: `${base}/idp`,
      clientId: 'gateway',
      clientSecret: new Secret('secret-at-idp'),
      audience: partner,
      resource: [resource],
      scopes: ['tools.read'],
      target: {
        url: `${base}/partner`,
        clientId: 'there',
        clientSecret: new Secret('secret-at-partner'),
        ...(more['dpop'] === undefined ? {} : { dpop: more['dpop'] }),
      },
      ...(more['dpop'] === undefined ? more : {}),
    };
    return buildIdJagCredential(idJagSchema.parse(given), deps);
  });
  const answers: Answers = { grant: {}, token: {}, tokenStatus: 200 };
  let grants = 0;
  all.scene.respond = ({ url }: SeenRequest, response) => {
    if (url === '/idp') {
      grants += 1;
      const claims = {
        iss: 'https://id.example',
        aud: partner,
        sub: 'alice',
        jti: `grant-${grants}`,
        client_id: 'there',
      };
      const grant = jwt(claims, grantType);
      const usual = {
        access_token: grant,
        issued_token_type: `${tokenType}id-jag`,
        token_type: 'N_A',
        expires_in: 300,
      };
      return sendJson(response, 200, { ...usual, ...answers.grant });
    }
    const token = jwt({ iss: partner, aud: resource, sub: 'alice@partner', jti: 'AT.there', scp: ['tools.read'] });
    const usual = { access_token: token, token_type: 'Bearer', expires_in: 600 };
    sendJson(response, answers.tokenStatus, { ...usual, ...answers.token });
  };
  return { ...all, answers };
}

test('a call – gets a grant from the provider and a token for it from the other company, with a client at each', async () => {
  await using all = await start({ subjectTokenType: 'id_token' });
  const alice = identity(all.scene.nowMs);
  assert.match((await all.header(alice)) ?? '', /^Bearer ey/);
  const [first, second] = all.forms();
  assert.deepEqual(
    ['grant_type', 'requested_token_type', 'subject_token', 'subject_token_type', 'audience', 'resource', 'scope'].map(
      (name) => first?.get(name),
    ),
    [
      'urn:ietf:params:oauth:grant-type:token-exchange',
      `${tokenType}id-jag`,
      alice.callerToken,
      `${tokenType}id_token`,
      partner,
      resource,
      'tools.read',
    ],
  );
  assert.equal(second?.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
  assert.match(second?.get('assertion') ?? '', /^ey/);
  assert.ok(!all.seen[1]?.body.includes(alice.callerToken ?? '?'), 'the other company sees the caller’s token');
  assert.deepEqual(
    all.seen.map(({ headers }) => Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()),
    ['gateway:secret-at-idp', 'there:secret-at-partner'],
  );
});

test('what is handed out – has the grant in its trail', async () => {
  await using all = await start();
  const found = await all.credential.obtain(identity(all.scene.nowMs), { signal: new AbortController().signal });
  assert.equal(found.claims?.jti, 'AT.there');
  assert.deepEqual(found.steps, [
    {
      strategy: 'id-jag grant',
      iss: 'https://id.example',
      aud: partner,
      sub: 'alice',
      jti: 'grant-1',
      clientId: 'there',
    },
  ]);
});

test('a grant – is used once: the next token has one of its own', async () => {
  await using all = await start();
  const alice = identity(all.scene.nowMs);
  const { signal } = new AbortController();
  await all.credential.obtain(alice, { signal });
  const first = await all.credential.obtain(alice, { signal });
  all.credential.evict(alice, first);
  const second = await all.credential.obtain(alice, { signal });
  assert.deepEqual(
    [first, second].map(({ steps }) => steps?.[0]?.jti),
    ['grant-1', 'grant-2'],
  );
});

test('a target that binds its tokens – gets a proof, and the provider none', async () => {
  await using all = await start({ dpop: true });
  all.answers.token = { token_type: 'DPoP', access_token: 'opaque-at-partner' };
  const found = await all.credential.obtain(identity(all.scene.nowMs), { signal: new AbortController().signal });
  assert.equal(found.header?.value.reveal(), 'DPoP opaque-at-partner');
  assert.deepEqual(
    all.seen.map(({ headers }) => typeof headers['dpop']),
    ['undefined', 'string'],
  );
  assert.match(found.proof?.prove('POST', 'https://api.partner.example/mcp') ?? '', /^ey/);
});

describe('a grant that is none', () => {
  const rows: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    [
      'an access token',
      { issued_token_type: `${tokenType}access_token` },
      /issued_token_type is .*, expected an ID-JAG/,
    ],
    ['one to carry as Bearer', { token_type: 'Bearer' }, /token_type is "Bearer", expected "N_A"/],
    [
      'one for another server',
      { access_token: jwt({ aud: 'https://other.example' }, grantType) },
      /audience is "https:\/\/other.example"/,
    ],
    ['an access token that is called one', { access_token: jwt({ aud: partner }, 'at+jwt') }, /expected typ/],
    ['a JWT of no type', { access_token: jwt({ aud: partner }) }, /expected typ "oauth-id-jag\+jwt"/],
    ['an opaque token', { access_token: 'a-refresh-token-of-alice' }, /it is no JWT, expected an ID-JAG/],
    ['one without a scope', { scope: 'other' }, /scope "tools.read" was asked for and not granted/],
  ];
  for (const [name, answer, hint] of rows) {
    test(`${name} – goes nowhere`, async () => {
      await using all = await start();
      all.answers.grant = answer;
      const refusal = await all.refusal(identity(all.scene.nowMs));
      assert.equal(refusal.code, 'exchange_answer_invalid');
      assert.match(refusal.hint, /^The grant: /);
      assert.match(refusal.hint, hint);
      assert.equal(all.count(), 1);
    });
  }
});

describe('the other company refuses', () => {
  for (const [error, code] of [
    ['invalid_grant', 'exchange_denied'],
    ['invalid_client', 'exchange_misconfigured'],
    ['insufficient_user_authentication', 'exchange_step_up'],
  ] as const) {
    test(`${error} – ${code}, and the hint says where; signing in again is no remedy by itself`, async () => {
      await using all = await start();
      all.answers.tokenStatus = 400;
      all.answers.token = { error, acr_values: error.startsWith('insuff') ? 'mfa' : undefined };
      const refusal = await all.refusal(identity(all.scene.nowMs));
      assert.equal(refusal.code, code);
      assert.match(refusal.hint, /^The token for the grant: /);
    });
  }
  test('a token of another audience – refused', async () => {
    await using all = await start();
    all.answers.token = { access_token: jwt({ aud: 'https://other.example' }) };
    assert.equal((await all.refusal(identity(all.scene.nowMs))).code, 'exchange_answer_invalid');
  });
  test("the caller's token comes back – refused", async () => {
    await using all = await start();
    const alice = identity(all.scene.nowMs);
    all.answers.token = { access_token: alice.callerToken };
    const refusal = await all.refusal(alice);
    assert.equal(refusal.code, 'exchange_answer_invalid');
    assert.match(refusal.hint, /a token that was handed in, unchanged/);
  });
});
