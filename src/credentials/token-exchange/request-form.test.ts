import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ExchangeResponse, identity, startExchange } from '../../../test/kit/start-exchange.ts';
import { sendJson } from '../../../test/kit/start-http-server.ts';
import { Secret } from '../../model/secret.ts';
import { buildRequest } from './build-token-exchange-credential.ts';
import { tokenExchangeSchema } from './schema.ts';

const prefix = 'urn:ietf:params:oauth:token-type:';

describe('token types', () => {
  test('nothing set – an access token is handed in, and no type is asked for', async () => {
    await using all = await startExchange();
    await all.header(identity(all.scene.nowMs));
    const form = new URLSearchParams(all.seen[0]?.body);
    assert.equal(form.get('subject_token_type'), `${prefix}access_token`);
    assert.equal(form.get('requested_token_type'), null);
    assert.deepEqual([form.get('actor_token'), form.get('actor_token_type')], [null, null]);
  });
  test('both set – said', async () => {
    await using all = await startExchange({ subjectTokenType: 'id_token', requestedTokenType: 'jwt' });
    await all.header(identity(all.scene.nowMs));
    const form = new URLSearchParams(all.seen[0]?.body);
    assert.equal(form.get('subject_token_type'), `${prefix}id_token`);
    assert.equal(form.get('requested_token_type'), `${prefix}jwt`);
  });
  test('a type of somebody’s own – as it is, without what the provider wants in its usual exchange', async () => {
    await using all = await startExchange({
      subjectTokenType: 'urn:acme:mcp-token',
      actorTokenType: 'https://acme.com/actor',
    });
    await all.header(identity(all.scene.nowMs));
    assert.equal(new URLSearchParams(all.seen[0]?.body).get('subject_token_type'), 'urn:acme:mcp-token');
    const settings = tokenExchangeSchema.parse({
      url: 'https://example.auth0.com/oauth/token',
      clientId: 'gateway',
      subjectTokenType: 'urn:acme:mcp-token',
      actorTokenType: 'https://acme.com/actor',
    });
    const handedIn = { callerToken: 'caller', otherTokens: [], subjectOf: 'caller' } as const;
    const exchangeParameters = { requested_token_type: `${prefix}access_token` };
    const { parameters } = buildRequest(handedIn, settings, { actorToken: 'actor', exchangeParameters });
    assert.deepEqual(
      [parameters.get('requested_token_type'), parameters.get('actor_token_type')],
      [null, 'https://acme.com/actor'],
    );
    const usual = buildRequest(handedIn, { ...settings, subjectTokenType: 'jwt' }, { exchangeParameters });
    assert.equal(usual.parameters.get('requested_token_type'), `${prefix}access_token`);
  });
  for (const wrong of [
    'saml2',
    'urn:ietf:params:oauth:token-type:jwt',
    'http://acme.com/token',
    'urn:acme:a token',
    '',
  ]) {
    test(`the type ${JSON.stringify(wrong)} – refused by the configuration`, () => {
      const given = { url: 'https://id.example.com/token', clientId: 'gateway', subjectTokenType: wrong };
      assert.equal(tokenExchangeSchema.safeParse(given).success, false);
    });
  }
  test('an ID token that nobody asked for – refused', async () => {
    await using all = await startExchange();
    all.scene.answer = { issued_token_type: `${prefix}id_token` };
    assert.equal((await all.refusal(identity(all.scene.nowMs))).code, 'exchange_answer_invalid');
  });
});

describe('who acts for the user', () => {
  const isOwn = (body: string) => body.includes('client_credentials');
  const ownToken = { access_token: 'new-actor', token_type: 'Bearer', expires_in: 600 };
  /** Takes exchanges with any other actor token than this one, which was withdrawn. */
  const withoutActor =
    (withdrawn: string): ExchangeResponse =>
    ({ body }, response) => {
      if (isOwn(body)) return sendJson(response, 200, ownToken);
      const actor = new URLSearchParams(body).get('actor_token') ?? '';
      if (actor === withdrawn)
        return sendJson(response, 400, {
          error: 'invalid_request',
          error_description: 'The actor token is not active',
        });
      const issued = { issued_token_type: `${prefix}access_token`, token_type: 'Bearer', expires_in: 600 };
      sendJson(response, 200, { access_token: `for-${actor}`, ...issued });
    };

  test('a token that is given – handed in with its type', async () => {
    await using all = await startExchange({ actorToken: new Secret('actor-secret'), actorTokenType: 'jwt' });
    await all.header(identity(all.scene.nowMs));
    const form = new URLSearchParams(all.seen[0]?.body);
    assert.deepEqual([form.get('actor_token'), form.get('actor_token_type')], ['actor-secret', `${prefix}jwt`]);
  });
  test('the gateway itself – asks for a token of its own once, for all users', async () => {
    await using all = await startExchange({ actorFromClient: true, actorScopes: ['act'] });
    await all.header(identity(all.scene.nowMs));
    await all.header(identity(all.scene.nowMs, 'bob'));
    const forms = all.seen.map(({ body }) => new URLSearchParams(body));
    assert.deepEqual(
      forms.map((form) => form.get('grant_type')?.split(':').at(-1)),
      ['client_credentials', 'token-exchange', 'token-exchange'],
    );
    assert.equal(forms[0]?.get('scope'), 'act');
    assert.deepEqual(
      forms.map((form) => form.get('actor_token')),
      [null, 'opaque-1', 'opaque-1'],
    );
  });
  test('the gateway’s own token was withdrawn – once more with a new one, for all who are refused with it', async () => {
    await using all = await startExchange({ actorFromClient: true });
    await all.header(identity(all.scene.nowMs));
    all.scene.respond = withoutActor('opaque-1');
    all.scene.nowMs += 61_000;
    const answers = await Promise.all(['bob', 'carol'].map((name) => all.header(identity(all.scene.nowMs, name))));
    assert.deepEqual(answers, ['Bearer for-new-actor', 'Bearer for-new-actor']);
    assert.equal(all.seen.filter(({ body }) => isOwn(body)).length, 2, 'one new one for both');
  });
  test('a caller’s token that is refused whoever acts – costs one further token a minute, not one for each call', async () => {
    await using all = await startExchange({ actorFromClient: true });
    await all.header(identity(all.scene.nowMs));
    all.scene.respond = ({ body }, response) =>
      isOwn(body) ? sendJson(response, 200, ownToken) : sendJson(response, 400, { error: 'invalid_request' });
    for (let call = 0; call < 10; call += 1) {
      all.scene.nowMs += 10_000;
      assert.equal((await all.refusal(identity(all.scene.nowMs, 'bob'))).code, 'exchange_misconfigured');
    }
    assert.equal(all.seen.filter(({ body }) => isOwn(body)).length, 2);
  });
  test('the gateway gets no token of its own – the operator has to mend it, not the caller', async () => {
    await using all = await startExchange({ actorFromClient: true });
    all.scene.respond = (_, response) => sendJson(response, 400, { error: 'invalid_grant' });
    assert.equal((await all.refusal(identity(all.scene.nowMs))).code, 'exchange_misconfigured');
    assert.equal(all.count(), 1);
  });
  test('the actor token comes back – refused, and in no part of the refusal', async () => {
    await using all = await startExchange({ actorToken: new Secret('actor-secret') });
    const alice = identity(all.scene.nowMs);
    all.scene.answer = { access_token: 'actor-secret' };
    const refusal = await all.refusal(alice);
    assert.equal(refusal.code, 'exchange_answer_invalid');
    all.scene.respond = (_, response) => sendJson(response, 400, { error: 'x', error_description: 'bad actor-secret' });
    const quoted = await all.refusal(alice);
    assert.ok(!`${refusal.hint} ${quoted.hint}`.includes('actor-secret'));
  });
});

test('parameters – go along beside the others', async () => {
  await using all = await startExchange({ parameters: { tenant: 'a b', 'x-hint': 'c' } });
  await all.header(identity(all.scene.nowMs));
  const form = new URLSearchParams(all.seen[0]?.body);
  assert.deepEqual([form.get('tenant'), form.get('x-hint'), form.get('audience')], ['a b', 'c', 'backend']);
});

describe('the header', () => {
  const rows = [
    [{ header: 'X-Upstream-Token' }, { name: 'x-upstream-token', value: 'opaque-1' }],
    [
      { header: 'X-Upstream-Token', headerPrefix: 'Token' },
      { name: 'x-upstream-token', value: 'Token opaque-1' },
    ],
    [{ headerPrefix: 'token' }, { name: 'authorization', value: 'token opaque-1' }],
    [{}, { name: 'authorization', value: 'Bearer opaque-1' }],
  ] as const;
  for (const [changes, { name, value }] of rows) {
    test(`${JSON.stringify(changes)} – is ${name}: ${value}`, async () => {
      await using all = await startExchange(changes);
      const alice = identity(all.scene.nowMs);
      const { header } = await all.credential.obtain(alice, { signal: new AbortController().signal });
      assert.deepEqual([header?.name, header?.value.reveal()], [name, value]);
    });
  }
});
