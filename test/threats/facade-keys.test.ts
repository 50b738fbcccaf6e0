import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { encodePart, makeSigningKey, signText, type SigningKey } from '../kit/signing-key.ts';
import { documentRedirect } from '../kit/start-document-server.ts';
import { errorOf, tokensOf, type Seen } from '../shield/facade-visitor.ts';
import { useDocuments } from '../shield/use-facade.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const key = makeSigningKey('ES256');
const other = makeSigningKey('ES256');

interface Change {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signer?: SigningKey;
}

/** Clients that prove who they are by a key (private_key_jwt, RFC 7523 §2.2): whoever has not got it must not get their tokens. */
describe('the façade with clients that have a key', () => {
  const used = useDocuments();
  const { visit, clientOf } = used;
  const seconds = () => Math.floor((Date.now() + used.lab.clock.aheadMs) / 1000);
  const issuer = () => visit().base;
  const keyed = (keys: readonly SigningKey[] = [key]) => ({
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: keys.map(({ jwk }) => jwk) },
  });
  const documentOf = (changes: Readonly<Record<string, unknown>>) =>
    used.site.document(`/${randomBytes(6).toString('hex')}.json`, changes);

  /** What such a client proves itself with, but for what is to be different. */
  function prove(id: string, { header = {}, claims = {}, signer = key }: Change = {}) {
    const head = { alg: signer.alg, kid: signer.kid, typ: 'client-authentication+jwt', ...header };
    const body = { iss: id, sub: id, aud: issuer(), iat: seconds(), exp: seconds() + 60, jti: randomUUID(), ...claims };
    const text = `${encodePart(head)}.${encodePart(body)}`;
    return {
      client_assertion_type: assertionType,
      client_assertion: `${text}.${signText(signer.alg, text, signer.privateKey)}`,
    };
  }

  async function assertRefused(answer: Seen, words: RegExp, error = 'invalid_client'): Promise<void> {
    assert.equal(errorOf(answer), error, answer.text);
    assert.equal(answer.status, error === 'invalid_client' ? 401 : 400);
    assert.match(answer.text, words);
    assert.doesNotMatch(answer.text, /access_token/);
  }

  /** A code of a client whose document has these changes, and who gets it. */
  async function toCode(changes: Readonly<Record<string, unknown>> = keyed()) {
    const visitor = visit();
    const client = clientOf(documentOf(changes));
    return { visitor, client, code: await visitor.toCode(client) };
  }

  test('the metadata – say that it is taken, and signed how', async () => {
    const metadata = JSON.parse((await visit().send(`${issuer()}/.well-known/openid-configuration`)).text) as object;
    assert.deepEqual(
      Object.entries(metadata).filter(([name]) => name.startsWith('token_endpoint_auth')),
      [
        ['token_endpoint_auth_methods_supported', ['none', 'private_key_jwt']],
        ['token_endpoint_auth_signing_alg_values_supported', ['ES256', 'RS256', 'PS256', 'EdDSA']],
      ],
    );
  });

  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA']) {
    test(`a document with a key of ${alg} – the code is redeemed and refreshed with it, and not without`, async () => {
      const signer = makeSigningKey(alg);
      const { visitor, client, code } = await toCode(keyed([signer]));
      await assertRefused(await visitor.redeem(client, code), /client_assertion is missing/);
      const tokens = tokensOf(await visitor.redeem(client, code, prove(client.id, { signer })));
      const refreshToken = tokens['refresh_token'] ?? '';
      await assertRefused(await visitor.refresh(client, refreshToken), /client_assertion is missing/);
      tokensOf(await visitor.refresh(client, refreshToken, prove(client.id, { signer })));
    });
  }

  test('no client_id – the assertion says whose it is', async () => {
    const { visitor, client, code } = await toCode();
    tokensOf(await visitor.redeem(client, code, { ...prove(client.id), client_id: undefined }));
  });

  const wrong: readonly (readonly [title: string, change: () => Change, words: RegExp])[] = [
    ['of another key', () => ({ signer: other, header: { kid: key.kid } }), /not signed with a key of this client/],
    ['of a key nobody named', () => ({ signer: other }), /not signed with a key of this client/],
    ['for the token endpoint', () => ({ claims: { aud: `${issuer()}/token` } }), /another audience/],
    [
      'for this server and another',
      () => ({ claims: { aud: [issuer(), 'https://evil.example'] } }),
      /another audience/,
    ],
    ['for another server', () => ({ claims: { aud: 'https://evil.example' } }), /another audience/],
    ['for nobody', () => ({ claims: { aud: undefined } }), /another audience/],
    ['of another client', () => ({ claims: { iss: 'https://localhost/x.json' } }), /another iss or sub/],
    ['about another client', () => ({ claims: { sub: 'https://localhost/x.json' } }), /another iss or sub/],
    ['that is over', () => ({ claims: { exp: seconds() - 61 } }), /no exp, or is over/],
    ['that never ends', () => ({ claims: { exp: undefined } }), /no exp, or is over/],
    ['that is good for two hours', () => ({ claims: { exp: seconds() + 7200 } }), /good for too long/],
    ['of the future', () => ({ claims: { iat: seconds() + 300 } }), /an iat of the future/],
    ['that begins later', () => ({ claims: { nbf: seconds() + 300 } }), /an nbf of the future/],
    ['without a name', () => ({ claims: { jti: undefined } }), /has no jti/],
    ['with a long name', () => ({ claims: { jti: 'x'.repeat(300) } }), /has no jti/],
    ['that is another kind of JWT', () => ({ header: { typ: 'dpop+jwt' } }), /a typ of something else/],
    ['with alg none', () => ({ header: { alg: 'none' } }), /an alg that is not taken/],
    ['with alg HS256', () => ({ header: { alg: 'HS256' } }), /an alg that is not taken/],
    ['with another alg than the key', () => ({ header: { alg: 'RS256' } }), /not signed with a key of this client/],
    ['with a header nobody understands', () => ({ header: { crit: ['x'], x: 1 } }), /not signed with a key/],
  ];
  test('a JWT that is wrong in one thing – refused each time, and the code is still good', async () => {
    const { visitor, client, code } = await toCode();
    for (const [title, change, words] of wrong) {
      const answer = await visitor.redeem(client, code, prove(client.id, change()));
      await assertRefused(answer, words).catch((error: unknown) => {
        throw new Error(title, { cause: error });
      });
    }
    tokensOf(await visitor.redeem(client, code, prove(client.id)));
  });

  test('no JWT, half of the two parameters, a JWT for a signature in other letters – refused', async () => {
    const { visitor, client, code } = await toCode();
    const good = prove(client.id);
    for (const [change, words] of [
      [{ ...good, client_assertion: 'garbage' }, /is no JWT/],
      [{ ...good, client_assertion: `${good.client_assertion}=` }, /is no JWT/],
      [{ ...good, client_assertion: undefined }, /needed together/],
      [{ ...good, client_assertion_type: undefined }, /needed together/],
      [
        { ...good, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
        /needed together/,
      ],
    ] as const)
      await assertRefused(await visitor.redeem(client, code, change), words);
  });

  test('the same JWT twice – refused the second time, whatever it comes with', async () => {
    const { visitor, client, code } = await toCode();
    const proof = prove(client.id);
    const tokens = tokensOf(await visitor.redeem(client, code, proof));
    const refreshToken = tokens['refresh_token'] ?? '';
    await assertRefused(await visitor.refresh(client, refreshToken, proof), /was used before/);
    // A jti is one client's own.
    const jti = randomUUID();
    tokensOf(await visitor.refresh(client, refreshToken, prove(client.id, { claims: { jti } })));
    const second = await toCode();
    tokensOf(await second.visitor.redeem(second.client, second.code, prove(second.client.id, { claims: { jti } })));
  });

  test('a code of a client with a key – is of no use to one without, nor to one with a key of its own', async () => {
    const { visitor, client, code } = await toCode();
    const open = clientOf(documentOf({}));
    const thief = clientOf(documentOf(keyed([other])));
    const asThief = { ...thief, verifier: client.verifier };
    const proof = prove(thief.id, { signer: other });
    await assertRefused(
      await visitor.redeem({ ...open, verifier: client.verifier }, code),
      /not one for this/,
      'invalid_grant',
    );
    await assertRefused(await visitor.redeem(asThief, code, proof), /not one for this client/, 'invalid_grant');
    await assertRefused(
      await visitor.redeem(client, code, prove(client.id, { signer: other, claims: { iss: thief.id } })),
      /another iss or sub/,
    );
  });

  test('a document that says "none" from one day on – does not free the sign-ins from before of the key', async () => {
    const visitor = visit();
    const unkept = { 'cache-control': 'no-store' };
    const client = clientOf(used.site.document('/changes.json', keyed(), unkept));
    const code = await visitor.toCode(client);
    used.site.document('/changes.json', {}, unkept);
    await assertRefused(await visitor.redeem(client, code), /client_assertion is missing/);
  });

  describe('a document that takes both, as ChatGPT’s', () => {
    const both = { ...keyed(), token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] };

    test('without a key – is let in, and with it', async () => {
      const { visitor, client, code } = await toCode(both);
      const tokens = tokensOf(await visitor.redeem(client, code));
      tokensOf(await visitor.refresh(client, tokens['refresh_token'] ?? ''));
    });

    test('with its key – its refresh token is of no use without from then on', async () => {
      const { visitor, client, code } = await toCode(both);
      const refreshToken = tokensOf(await visitor.redeem(client, code, prove(client.id)))['refresh_token'] ?? '';
      await assertRefused(await visitor.refresh(client, refreshToken), /client_assertion is missing/);
      tokensOf(await visitor.refresh(client, refreshToken, prove(client.id)));
    });

    test('with a wrong key – is refused, though it could go without', async () => {
      const { visitor, client, code } = await toCode(both);
      await assertRefused(await visitor.redeem(client, code, prove(client.id, { signer: other })), /not signed/);
    });

    test('with keys that are of no use here – goes on without', async () => {
      const { visitor, client, code } = await toCode({
        ...both,
        jwks: undefined,
        jwks_uri: 'https://example.com/keys',
      });
      tokensOf(await visitor.redeem(client, code));
    });
  });

  const documents: readonly (readonly [title: string, changes: object, words: RegExp])[] = [
    ['without keys', { jwks: undefined }, /neither jwks nor jwks_uri/],
    ['with keys and a place of keys', { jwks_uri: 'https://localhost/keys' }, /both jwks and jwks_uri/],
    ['with no key in its list', { jwks: { keys: [] } }, /without a public key/],
    ['with a secret for a key', { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, /a private key in jwks/],
    ['with its private key', { jwks: { keys: [{ ...key.jwk, d: 'x' }] } }, /a private key in jwks/],
    ['with a short key', { jwks: { keys: [makeSigningKey('RS256', 1024).jwk] } }, /without a public key/],
    ['that signs with a secret', { token_endpoint_auth_signing_alg: 'HS256' }, /none of ES256/],
    ['with keys of another site', { jwks: undefined, jwks_uri: 'https://example.com/keys' }, /on another site/],
    ['with keys at an address', { jwks: undefined, jwks_uri: 'https://169.254.169.254/keys' }, /not an address/],
    ['with keys in the clear', { jwks: undefined, jwks_uri: 'http://localhost/keys' }, /begins with https/],
    ['with a list of methods that is none', { token_endpoint_auth_methods_supported: 'none' }, /no list of texts/],
  ];
  for (const [title, changes, words] of documents) {
    test(`a document ${title} – refused`, async () => {
      const visitor = visit();
      const client = clientOf(documentOf({ ...keyed(), ...changes }));
      const { status, text } = await visitor.open(visitor.authorizeUrl(client));
      assert.equal(status, 400, text);
      assert.match(text, words);
    });
  }

  test('a document that names one algorithm – takes no other', async () => {
    const rsa = makeSigningKey('RS256');
    const { visitor, client, code } = await toCode({ ...keyed([rsa]), token_endpoint_auth_signing_alg: 'PS256' });
    await assertRefused(await visitor.redeem(client, code, prove(client.id, { signer: rsa })), /expected PS256/);
  });

  test('a document whose server is down when its client comes – 503, and the code is good a moment later', async () => {
    const visitor = visit();
    const changing = '/down.json';
    const publish = () => used.site.document(changing, keyed(), { 'cache-control': 'no-store' });
    const client = clientOf(publish());
    const code = await visitor.toCode(client);
    for (const status of [500, 503, 429]) {
      used.site.serve(changing, { status, body: '' });
      const answer = await visitor.redeem(client, code, prove(client.id));
      assert.deepEqual([answer.status, errorOf(answer)], [503, 'temporarily_unavailable'], answer.text);
    }
    used.site.serve(changing, { status: 404, body: '' });
    assert.equal(errorOf(await visitor.redeem(client, code, prove(client.id))), 'invalid_client');
    publish();
    tokensOf(await visitor.redeem(client, code, prove(client.id)));
  });

  describe('keys at a URL', () => {
    const at = (keys: readonly SigningKey[]) => {
      const path = `/${randomBytes(6).toString('hex')}.jwks`;
      const serve = (now: readonly SigningKey[]) =>
        used.site.serve(path, { body: { keys: now.map(({ jwk }) => jwk) } });
      serve(keys);
      const changes = { ...keyed(), jwks: undefined, jwks_uri: used.site.origin + path };
      return { path, serve, changes, fetched: () => used.site.asked.filter((asked) => asked === path).length };
    };

    test('are fetched once, and again for a new key: then without waiting', async () => {
      const set = at([key]);
      const { visitor, client, code } = await toCode(set.changes);
      assert.equal(set.fetched(), 0, 'not for the page');
      const first = tokensOf(await visitor.redeem(client, code, prove(client.id)))['refresh_token'] ?? '';
      const second = tokensOf(await visitor.refresh(client, first, prove(client.id)))['refresh_token'] ?? '';
      assert.equal(set.fetched(), 1);
      set.serve([other]);
      used.lab.clock.aheadMs += 31_000;
      tokensOf(await visitor.refresh(client, second, prove(client.id, { signer: other })));
      assert.equal(set.fetched(), 2);
    });

    test('a key that was taken out – is good for an hour at most', async () => {
      const set = at([key]);
      const { visitor, client, code } = await toCode(set.changes);
      const refreshToken = tokensOf(await visitor.redeem(client, code, prove(client.id)))['refresh_token'] ?? '';
      set.serve([other]);
      used.lab.clock.aheadMs += 3_600_000;
      await assertRefused(await visitor.refresh(client, refreshToken, prove(client.id)), /not signed/);
      tokensOf(await visitor.refresh(client, refreshToken, prove(client.id, { signer: other })));
    });

    test('made-up keys, one after the other – have it asked no more often than every half a minute', async () => {
      const set = at([key]);
      const { visitor, client, code } = await toCode(set.changes);
      for (let count = 0; count < 10; count++)
        await assertRefused(
          await visitor.redeem(client, code, prove(client.id, { signer: other, header: { kid: randomUUID() } })),
          /not signed/,
        );
      assert.equal(set.fetched(), 1);
      tokensOf(await visitor.redeem(client, code, prove(client.id)));
    });

    test('that cannot be fetched – 503, and the code is good a moment later', async () => {
      const set = at([key]);
      const { visitor, client, code } = await toCode(set.changes);
      used.site.serve(set.path, { headers: { 'content-type': 'application/json' }, body: 'x'.repeat(40_000) });
      const answer = await visitor.redeem(client, code, prove(client.id));
      assert.equal(answer.status, 503, answer.text);
      used.site.serve(set.path, { status: 502, body: '' });
      const again = await visitor.redeem(client, code, prove(client.id));
      assert.equal(again.status, 503, again.text);
      set.serve([key]);
      tokensOf(await visitor.redeem(client, code, prove(client.id)));
    });

    test('that lead elsewhere, or are none – refused, and nobody goes there', async () => {
      const set = at([key]);
      const { visitor, client, code } = await toCode(set.changes);
      const target = at([key]);
      used.site.serve(set.path, { status: 302, headers: { location: used.site.origin + target.path } });
      await assertRefused(await visitor.redeem(client, code, prove(client.id)), /answers with 302/);
      assert.equal(target.fetched(), 0);
      used.site.serve(set.path, { body: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } });
      await assertRefused(await visitor.redeem(client, code, prove(client.id)), /none that can verify/);
    });
  });

  describe('clients that register', () => {
    test('with keys – have them in their registration, and need them', async () => {
      const visitor = visit();
      const answer = await visitor.register({ client_name: 'Keyed', redirect_uris: [documentRedirect], ...keyed() });
      assert.equal(answer.status, 201, answer.text);
      const body = JSON.parse(answer.text) as Record<string, unknown>;
      assert.equal(body['token_endpoint_auth_method'], 'private_key_jwt');
      const client = clientOf(String(body['client_id']));
      const code = await visitor.toCode(client);
      await assertRefused(await visitor.redeem(client, code), /by its key/);
      await assertRefused(await visitor.redeem(client, code, prove(client.id, { signer: other })), /not signed/);
      const tokens = tokensOf(await visitor.redeem(client, code, prove(client.id)));
      await assertRefused(await visitor.refresh(client, tokens['refresh_token'] ?? ''), /by its key/);
    });

    test('with keys at a site nobody listed – refused; at one that is – fetched from there', async () => {
      const visitor = visit();
      const register = (uri: string) =>
        visitor.register({
          client_name: 'Keyed',
          redirect_uris: [documentRedirect],
          token_endpoint_auth_method: 'private_key_jwt',
          jwks_uri: uri,
        });
      for (const uri of ['https://example.com/keys', 'https://127.0.0.1/keys', 'http://localhost/keys'])
        assert.equal(errorOf(await register(uri)), 'invalid_client_metadata', uri);
      used.site.serve('/registered.jwks', { body: { keys: [key.jwk] } });
      const { client_id: id } = JSON.parse((await register(`${used.site.origin}/registered.jwks`)).text) as Record<
        string,
        string
      >;
      const client = clientOf(id ?? '');
      tokensOf(await visitor.redeem(client, await visitor.toCode(client), prove(client.id)));
    });

    test('with a secret – get none, and are told so', async () => {
      const body = {
        client_name: 'x',
        redirect_uris: [documentRedirect],
        token_endpoint_auth_method: 'client_secret_basic',
      };
      const answer = JSON.parse((await visit().register(body)).text) as Record<string, unknown>;
      assert.equal(answer['token_endpoint_auth_method'], 'none');
      assert.ok(!('client_secret' in answer));
    });

    test('without a key – prove nothing with one', async () => {
      const visitor = visit();
      const client = await visitor.registered();
      const code = await visitor.toCode(client);
      await assertRefused(await visitor.redeem(client, code, prove(client.id)), /has no key here/);
      tokensOf(await visitor.redeem(client, code));
    });
  });
});
