import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { describe, test } from 'node:test';
import type { JWK } from 'jose';
import { collectGarbage } from '../../../test/kit/collect-garbage.ts';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { encodePart, makeSigningKey, signText, type SigningKey } from '../../../test/kit/signing-key.ts';
import { sendJson, startHttpServer } from '../../../test/kit/start-http-server.ts';
import { buildHttpClient } from '../../lib/http-client.ts';
import type { Caller } from '../../model/caller.ts';
import { UsherError } from '../../model/usher-error.ts';
import { buildJwtAuthenticator } from './build-jwt-authenticator.ts';
import { algorithms, jwtSchema } from './schema.ts';

const minuteMs = 60_000;

/** An authenticator for one issuer, whose keys and clock the test moves. */
async function startAuthenticator(...keys: readonly JWK[]) {
  const scene: { nowMs: number; keys: unknown[]; isDown: boolean } = {
    nowMs: Date.now(),
    keys: [...keys],
    isDown: false,
  };
  const server = await startHttpServer((_, response) =>
    scene.isDown ? void response.destroy() : sendJson(response, 200, { keys: scene.keys }),
  );
  const http = buildHttpClient();
  const settings = jwtSchema.parse({ issuer: server.url, audience: ['mcpserver'], jwksUrl: `${server.url}/keys` });
  const authenticator = buildJwtAuthenticator([settings], {
    http,
    now: () => scene.nowMs,
    log: collectLog().log,
    name: 'apollo',
  });
  const connection = { signal: new AbortController().signal };
  return {
    scene,
    authenticator,
    reads: () => server.seen.length,
    token(key: SigningKey, header: Record<string, unknown> = {}, claims: Record<string, unknown> = {}): string {
      const exp = Math.floor(scene.nowMs / 1000) + 3600;
      const usual = { iss: server.url, aud: 'mcpserver', sub: 'alice@example.com', exp };
      const text = `${encodePart({ alg: key.alg, kid: key.kid, ...header })}.${encodePart({ ...usual, ...claims })}`;
      return `${text}.${signText(key.alg, text, key.privateKey)}`;
    },
    authenticate: (token: string): Caller | Promise<Caller> => authenticator.authenticate(token, connection),
    /** The code it is refused with, or `taken`. */
    async verdict(token: string): Promise<string> {
      try {
        await authenticator.authenticate(token, connection);
        return 'taken';
      } catch (error) {
        if (error instanceof UsherError) return error.code;
        throw error;
      }
    },
    settle: () => new Promise((resolve) => setTimeout(resolve, 50)),
    async [Symbol.asyncDispose]() {
      await http.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('algorithms', () => {
  for (const alg of algorithms) {
    const key = makeSigningKey(alg);
    const namesake = { ...makeSigningKey(alg), kid: key.kid };

    test(`${alg} – a signature of the published key – taken`, async () => {
      await using all = await startAuthenticator(key.jwk);
      assert.equal(await all.verdict(all.token(key)), 'taken');
    });
    test(`${alg} – a key published without alg – taken`, async () => {
      const { alg: _, ...jwk } = key.jwk;
      await using all = await startAuthenticator(jwk);
      assert.equal(await all.verdict(all.token(key)), 'taken');
    });
    test(`${alg} – a signature of another key under the same kid – refused`, async () => {
      await using all = await startAuthenticator(key.jwk);
      assert.equal(await all.verdict(all.token(namesake)), 'token_signature_invalid');
    });
  }

  test('an ES256 signature in DER – refused', async () => {
    const key = makeSigningKey('ES256');
    await using all = await startAuthenticator(key.jwk);
    const [header = '', claims = ''] = all.token(key).split('.');
    const der = sign('sha256', Buffer.from(`${header}.${claims}`), key.privateKey).toString('base64url');
    assert.equal(await all.verdict(`${header}.${claims}.${der}`), 'token_signature_invalid');
  });
});

describe('which key', () => {
  const key = makeSigningKey();
  const other = makeSigningKey();

  test('no kid in the token and one published key – taken', async () => {
    await using all = await startAuthenticator(key.jwk);
    assert.equal(await all.verdict(all.token(key, { kid: undefined })), 'taken');
  });
  test('no kid in the token and several keys – the one that fits is found', async () => {
    await using all = await startAuthenticator(other.jwk, makeSigningKey('ES256').jwk, key.jwk);
    assert.equal(await all.verdict(all.token(key, { kid: undefined })), 'taken');
  });
  test('no kid in the token and none of several keys fits – refused', async () => {
    await using all = await startAuthenticator(other.jwk, makeSigningKey().jwk);
    assert.equal(await all.verdict(all.token(key, { kid: undefined })), 'token_signature_invalid');
  });
  test('two published keys under one kid – either is taken', async () => {
    await using all = await startAuthenticator({ ...other.jwk, kid: key.kid }, key.jwk);
    assert.equal(await all.verdict(all.token(key)), 'taken');
  });
  test('key_ops without verify – not used', async () => {
    await using all = await startAuthenticator({ ...key.jwk, key_ops: ['encrypt'] }, other.jwk);
    assert.equal(await all.verdict(all.token(key)), 'token_key_unknown');
  });
  for (const [name, bad] of [
    ['without its modulus', { ...other.jwk, n: undefined }],
    ['that is null', null],
    ['that Web Crypto does not take', { ...other.jwk, key_ops: ['verify', 'encrypt'] }],
  ] as const) {
    test(`a key ${name} in the set – tokens of the others are taken, its own refused`, async () => {
      await using all = await startAuthenticator(key.jwk);
      all.scene.keys = [bad, key.jwk];
      assert.equal(await all.verdict(all.token(key)), 'taken');
      assert.match(await all.verdict(all.token(other)), /^token_(key_unknown|malformed)$/);
    });
  }
});

describe('a known token', () => {
  const key = makeSigningKey();
  const next = makeSigningKey();

  test('asked for again – the same caller at once, without a promise', async () => {
    await using all = await startAuthenticator(key.jwk);
    const token = all.token(key);
    const caller = await all.authenticate(token);
    assert.equal(all.authenticate(token), caller);
  });
  test('changed anywhere but at its end – refused, and the good one stays known', async () => {
    await using all = await startAuthenticator(key.jwk);
    const token = all.token(key);
    const caller = await all.authenticate(token);
    const [header = '', claims = '', signature = ''] = token.split('.');
    const mallory = encodePart({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: 'mallory' });
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    assert.equal(await all.verdict(`${header}.${mallory}.${signature}`), 'token_signature_invalid');
    assert.equal(await all.verdict(`${header}.${claims}.${flipped}`), 'token_signature_invalid');
    assert.equal(await all.verdict(signature.slice(-64)), 'token_malformed');
    assert.equal(all.authenticate(token), caller);
  });
  test('its end passed – refused', async () => {
    await using all = await startAuthenticator(key.jwk);
    const token = all.token(key, {}, { exp: Math.floor(all.scene.nowMs / 1000) + 60 });
    assert.equal(await all.verdict(token), 'taken');
    all.scene.nowMs += 89_000;
    assert.equal(await all.verdict(token), 'taken', 'within the leeway');
    all.scene.nowMs += 2_000;
    assert.equal(await all.verdict(token), 'token_expired');
  });
  test('its key withdrawn – refused after the refresh', async () => {
    await using all = await startAuthenticator(key.jwk, next.jwk);
    const token = all.token(key);
    assert.equal(await all.verdict(token), 'taken');
    all.scene.keys = [next.jwk];
    all.scene.nowMs += 10 * minuteMs;
    assert.equal(await all.verdict(token), 'taken', 'starts the refresh');
    await all.settle();
    assert.equal(await all.verdict(token), 'token_key_unknown');
  });
  test('its key withdrawn while nobody called – refused at once', async () => {
    await using all = await startAuthenticator(key.jwk, next.jwk);
    const token = all.token(key);
    assert.equal(await all.verdict(token), 'taken');
    all.scene.keys = [next.jwk];
    all.scene.nowMs += 30 * minuteMs;
    assert.equal(await all.verdict(token), 'token_key_unknown');
  });
  test('another key under its kid – refused after the refresh', async () => {
    await using all = await startAuthenticator(key.jwk);
    const token = all.token(key);
    assert.equal(await all.verdict(token), 'taken');
    all.scene.keys = [{ ...next.jwk, kid: key.kid }];
    all.scene.nowMs += 30 * minuteMs;
    assert.equal(await all.verdict(token), 'token_signature_invalid');
  });
  test('a key added beside its own – still taken', async () => {
    await using all = await startAuthenticator(key.jwk);
    const token = all.token(key);
    assert.equal(await all.verdict(token), 'taken');
    all.scene.keys = [key.jwk, next.jwk];
    assert.equal(await all.verdict(all.token(next)), 'taken');
    assert.equal(await all.verdict(token), 'taken');
    assert.equal(all.reads(), 2);
  });
  test('the issuer down – taken for a day after the last good answer, then keys_unavailable', async () => {
    await using all = await startAuthenticator(key.jwk);
    const token = all.token(key, {}, { exp: Math.floor(all.scene.nowMs / 1000) + 48 * 3600 });
    assert.equal(await all.verdict(token), 'taken');
    all.scene.isDown = true;
    all.scene.nowMs += 23 * 60 * minuteMs;
    assert.equal(await all.verdict(token), 'taken');
    all.scene.nowMs += 61 * minuteMs;
    assert.equal(await all.verdict(token), 'keys_unavailable');
  });
});

describe('unknown keys', () => {
  const key = makeSigningKey();

  test('400 tokens with keys nobody knows – at most 5 reads of the keys, all refused', async () => {
    await using all = await startAuthenticator(key.jwk);
    const verdicts = await Promise.all(
      Array.from({ length: 400 }, (_, count) => all.verdict(all.token(key, { kid: `unknown-${count}` }))),
    );
    assert.deepEqual(new Set(verdicts), new Set(['token_key_unknown']));
    assert.ok(all.reads() <= 5, `${all.reads()} reads`);
  });
  test('200 tokens of a new key at once – one more read, all taken', async () => {
    await using all = await startAuthenticator(key.jwk);
    assert.equal(await all.verdict(all.token(key)), 'taken');
    const next = makeSigningKey();
    all.scene.keys = [key.jwk, next.jwk];
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, (_, count) => all.verdict(all.token(next, {}, { jti: String(count) }))),
    );
    assert.deepEqual(new Set(verdicts), new Set(['taken']));
    assert.equal(all.reads(), 2);
  });
  test('a new key while the issuer is down – keys_unavailable: the token may be good', async () => {
    await using all = await startAuthenticator(key.jwk);
    assert.equal(await all.verdict(all.token(key)), 'taken');
    all.scene.isDown = true;
    assert.equal(await all.verdict(all.token(makeSigningKey())), 'keys_unavailable');
    assert.equal(await all.verdict(all.token(key, {}, { jti: 'another' })), 'taken', 'known keys go on');
  });
  test('tokens that fail a check of their claims – the issuer is not asked at all', async () => {
    await using all = await startAuthenticator(key.jwk);
    assert.equal(await all.verdict(all.token(key, {}, { aud: 'backend' })), 'audience_mismatch');
    assert.equal(all.reads(), 0);
  });
});

test('a known token that has expired – let go when another is verified', async () => {
  const key = makeSigningKey();
  await using all = await startAuthenticator(key.jwk);
  const expired = new WeakRef(await all.authenticate(all.token(key)));
  all.scene.nowMs += 3600_000 + 30_000;
  await all.authenticate(all.token(key, {}, { sub: 'bob@example.com' }));
  await collectGarbage();
  assert.equal(expired.deref(), undefined);
});
