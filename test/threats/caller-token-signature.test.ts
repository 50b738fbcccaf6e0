import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { assertTokenRefused } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { encodePart, makeSigningKey, signText } from '../kit/signing-key.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** Tokens with perfect claims whose header or signature is not what the issuer's key would make. */
const elliptic = makeSigningKey('ES256');
const lab = await startTokenLab({ keys: [elliptic.jwk] });
after(() => lab[Symbol.asyncDispose]());
const { key } = lab;
const foreign = makeSigningKey();

/** Header and perfect claims, and a signature made by the test. */
function tokenWith(header: Record<string, unknown>, sign: (text: string) => string): string {
  const text = `${encodePart(header)}.${encodePart(lab.claims())}`;
  return `${text}.${sign(text)}`;
}

describe('unsigned', () => {
  for (const alg of [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'null',
    null,
    undefined,
    ['none'],
    ['RS256'],
    { RS256: 1 },
    0,
  ]) {
    test(`algorithm ${JSON.stringify(alg) ?? 'missing'} without a signature – refused`, async () => {
      await assertTokenRefused(
        lab,
        tokenWith({ alg, kid: key.kid }, () => ''),
        { code: 'token_algorithm_refused' },
      );
    });
  }
  test('algorithm RS256 without a signature – refused', async () => {
    await assertTokenRefused(
      lab,
      tokenWith({ alg: 'RS256', kid: key.kid }, () => ''),
      { code: 'token_signature_invalid' },
    );
  });
  test('algorithm none with the signature of RS256 – refused', async () => {
    await assertTokenRefused(lab, lab.token({ header: { alg: 'none' } }), { code: 'token_algorithm_refused' });
  });
});

describe('signed with the public key as if it were a shared secret', () => {
  const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const pkcs1 = key.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const secrets: readonly (readonly [string, string | Buffer])[] = [
    ['PEM', pem],
    ['PEM without the last newline', pem.trimEnd()],
    ['PEM behind a blank', ` ${pem}`],
    ['PEM with CRLF', pem.replaceAll('\n', '\r\n')],
    ['PKCS #1 PEM', pkcs1],
    ['DER', key.publicKey.export({ type: 'spki', format: 'der' })],
    ['JWK', JSON.stringify(key.jwk)],
    ['modulus', key.jwk.n ?? ''],
    ['modulus in bytes', Buffer.from(key.jwk.n ?? '', 'base64url')],
    ['kid', key.kid],
    ['nothing', ''],
  ];
  for (const [name, secret] of secrets) {
    for (const alg of ['HS256', 'HS384', 'HS512', 'hs256']) {
      test(`${alg} keyed with the public key as ${name} – refused`, async () => {
        const hmac = (text: string) =>
          createHmac(`sha${alg.slice(2)}`, secret)
            .update(text)
            .digest('base64url');
        await assertTokenRefused(lab, tokenWith({ alg, kid: key.kid }, hmac), { code: 'token_algorithm_refused' });
      });
    }
  }
});

describe('a key the token brings along', () => {
  test('jwk in the header, signed with it – the issuer has no such key', async () => {
    const token = lab.token({ key: foreign, header: { jwk: foreign.jwk } });
    await assertTokenRefused(lab, token, { code: 'token_key_unknown' });
  });
  test("jwk in the header and the issuer's kid – the signature does not match", async () => {
    const token = lab.token({ key: foreign, header: { jwk: foreign.jwk, kid: key.kid } });
    await assertTokenRefused(lab, token, { code: 'token_signature_invalid' });
  });
  for (const name of ['jku', 'x5u']) {
    test(`${name} in the header – nobody fetches it`, async () => {
      await using evil = await startHttpServer((_, response) => sendJson(response, 200, { keys: [foreign.jwk] }));
      const token = lab.token({ key: foreign, header: { [name]: `${evil.url}/keys`, kid: key.kid } });
      await assertTokenRefused(lab, token, { code: 'token_signature_invalid' });
      assert.equal(evil.seen.length, 0);
    });
  }
  test('x5c in the header – not looked at', async () => {
    const der = foreign.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const token = lab.token({ key: foreign, header: { x5c: [der], kid: key.kid } });
    await assertTokenRefused(lab, token, { code: 'token_signature_invalid' });
  });
  test('the attributes beside a good signature – taken, and nobody fetches anything', async () => {
    await using evil = await startHttpServer((_, response) => sendJson(response, 200, {}));
    const token = lab.token({ header: { jku: `${evil.url}/keys`, jwk: foreign.jwk } });
    assert.equal((await post(lab.gateway.mcpUrl, token)).status, 200);
    assert.equal(evil.seen.length, 0);
  });
});

describe('header extensions', () => {
  const rows: readonly (readonly [string, Record<string, unknown>])[] = [
    ['an unknown critical extension', { crit: ['x'], x: 1 }],
    ['an empty list of critical extensions', { crit: [] }],
    ['a critical extension that is a standard one', { crit: ['exp'], exp: 1 }],
    ['crit that is no list', { crit: 'x', x: 1 }],
    ['an unencoded payload (b64)', { b64: false, crit: ['b64'] }],
    ['b64 without crit', { b64: false }],
  ];
  for (const [name, header] of rows) {
    test(`a good signature and ${name} – refused`, async () => {
      const { message } = await assertTokenRefused(lab, lab.token({ header }), { code: 'token_malformed' });
      assert.match(message, /: its header has (critical extensions \(crit\)|b64), which /);
    });
  }
});

describe('kid', () => {
  const kids = [
    '../../../../dev/null',
    "' OR '1'='1",
    '__proto__',
    'constructor',
    'a\r\nX-Injected: 1',
    'a\u0000b',
    'ключ "\\',
    `k${'k'.repeat(4096)}`,
    '',
  ];
  for (const kid of kids) {
    test(`kid ${JSON.stringify(kid.slice(0, 30))} – no such key, nothing injected`, async () => {
      const { headers, message } = await assertTokenRefused(lab, lab.token({ key: foreign, header: { kid } }), {
        code: 'token_key_unknown',
      });
      assert.equal(headers.get('x-injected'), null);
      assert.ok(message.length < 1000);
    });
  }
  for (const kid of [[key.kid], { [key.kid]: 1 }, 42, null, true]) {
    test(`kid ${JSON.stringify(kid).slice(0, 12)} with a good signature – refused, a kid is a string`, async () => {
      await assertTokenRefused(lab, lab.token({ header: { kid } }), { code: 'token_malformed' });
    });
  }
});

describe('a key with another algorithm than its own', () => {
  for (const alg of ['RS384', 'RS512', 'PS256', 'PS512']) {
    test(`an RS256 key used with ${alg} – refused, the message names the algorithm`, async () => {
      const { message } = await assertTokenRefused(lab, lab.token({ header: { alg }, alg }), {
        code: 'token_key_unknown',
      });
      assert.match(message, new RegExp(`kid "${key.kid}" for algorithm "${alg}"`));
    });
  }
  for (const alg of ['ES256', 'EdDSA']) {
    test(`an RSA kid with algorithm ${alg} of another key – refused`, async () => {
      const other = makeSigningKey(alg);
      await assertTokenRefused(lab, lab.token({ key: other, header: { kid: key.kid } }), { code: 'token_key_unknown' });
    });
  }
});

describe('typ', () => {
  for (const typ of ['logout+jwt', 'dpop+jwt', 'id_token+jwt', 'secevent+jwt', 'JOSE', '', 42, null, ['at+jwt']]) {
    test(`typ ${JSON.stringify(typ)} – refused, not an access token`, async () => {
      await assertTokenRefused(lab, lab.token({ header: { typ } }), { code: 'token_type_refused' });
    });
  }
  for (const typ of [undefined, 'JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt']) {
    test(`typ ${typ ?? 'missing'} – taken`, async () => {
      assert.equal((await post(lab.gateway.mcpUrl, lab.token({ header: { typ } }))).status, 200);
    });
  }
});

/** The last character of a base64url text, with the lowest of the bits that no byte is made of. */
function lastWithBit(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(text.at(-1) ?? '') ^ 1] ?? '';
}

describe('changed signatures', () => {
  const good = lab.token();
  const [header = '', claims = '', signature = ''] = good.split('.');
  const flipped = Buffer.from(signature, 'base64url');
  flipped[100] = (flipped[100] ?? 0) ^ 1;
  const rows = [
    ['cut by a byte', signature.slice(0, -2), 'token_signature_invalid'],
    ['cut to half', signature.slice(0, 172), 'token_signature_invalid'],
    ['longer by bytes', `${signature}AAAA`, 'token_signature_invalid'],
    ['padded', `${signature}==`, 'token_malformed'],
    // 256 bytes are 341 characters and a third: the last one has four bits that say nothing.
    ['with a bit behind its last byte', `${signature.slice(0, -1)}${lastWithBit(signature)}`, 'token_malformed'],
    ['with a byte changed', flipped.toString('base64url'), 'token_signature_invalid'],
    ['in plain base64', `${signature.slice(0, 100)}+/${signature.slice(102)}`, 'token_malformed'],
    ['all zero', Buffer.alloc(256).toString('base64url'), 'token_signature_invalid'],
    ['of another key', signText('RS256', `${header}.${claims}`, foreign.privateKey), 'token_signature_invalid'],
    ['of another text', signText('RS256', `${header}.`, key.privateKey), 'token_signature_invalid'],
  ] as const;
  for (const [name, changed, code] of rows) {
    test(`a signature ${name}, before and after the good token was seen – refused`, async () => {
      const token = `${header}.${claims}.${changed}`;
      await assertTokenRefused(lab, token, { code });
      assert.equal((await post(lab.gateway.mcpUrl, good)).status, 200);
      await assertTokenRefused(lab, token, { code });
    });
  }
  test('a changed payload after the good token was seen – refused', async () => {
    assert.equal((await post(lab.gateway.mcpUrl, good)).status, 200);
    const changed = encodePart(lab.claims({ sub: 'mallory@example.com' }));
    await assertTokenRefused(lab, `${header}.${changed}.${signature}`, { code: 'token_signature_invalid' });
  });
  test('r and s of zero in an ES256 signature – refused', async () => {
    assert.equal((await post(lab.gateway.mcpUrl, lab.token({ key: elliptic }))).status, 200);
    const zero = tokenWith({ alg: 'ES256', kid: elliptic.kid }, () => Buffer.alloc(64).toString('base64url'));
    await assertTokenRefused(lab, zero, { code: 'token_signature_invalid' });
  });
  test('a PKCS #1 block that nobody signed as RSA signature – refused', async () => {
    const block = Buffer.concat([Buffer.from([0, 1, 0xff, 0]), Buffer.alloc(252)]).toString('base64url');
    await assertTokenRefused(lab, `${header}.${claims}.${block}`, { code: 'token_signature_invalid' });
  });
});
