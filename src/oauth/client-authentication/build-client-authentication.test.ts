import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, test, type TestContext } from 'node:test';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { makeFolder } from '../../../test/kit/config-input.ts';
import { makeAuthority, writePair } from '../../../test/kit/make-certificate.ts';
import { identity, isRefusal, startExchange } from '../../../test/kit/start-exchange.ts';
import { sendJson } from '../../../test/kit/start-http-server.ts';
import { buildClientAuthentication } from './build-client-authentication.ts';

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ format: 'pem', type }).toString();

function writeKey(context: TestContext, text: string): string {
  const file = join(makeFolder(context), 'key');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const signing = { clientAuthentication: 'private_key_jwt', clientSecret: undefined } as const;

/** The assertion of a request, verified. */
async function verify(body: string | undefined, publicKey: KeyObject, nowMs: number) {
  const form = new URLSearchParams(body);
  const assertion = form.get('client_assertion') ?? '';
  const { payload } = await jwtVerify(assertion, publicKey, { currentDate: new Date(nowMs) });
  return { form, payload, assertion, header: decodeProtectedHeader(assertion) };
}

describe('private_key_jwt', () => {
  test('a request – carries an assertion of the client for the token endpoint, short and used once', async (context) => {
    const { privateKey, publicKey } = rsa();
    await using all = await startExchange({ ...signing, clientKeyFile: writeKey(context, pem(privateKey)) });
    await all.header(identity(all.scene.nowMs));
    await all.header(identity(all.scene.nowMs, 'bob'));
    const [one, other] = await Promise.all(all.seen.map(({ body }) => verify(body, publicKey, all.scene.nowMs)));
    assert.ok(one !== undefined && other !== undefined);
    const { iss, sub, aud, iat = 0, exp = 0, jti } = one.payload;
    assert.deepEqual([iss, sub], ['gateway', 'gateway']);
    assert.match(String(aud), /^http:\/\/127\.0\.0\.1:\d+\/token$/);
    assert.equal(exp - iat, 60);
    assert.notEqual(jti, other.payload.jti);
    assert.equal(one.form.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    assert.deepEqual([one.form.get('client_id'), one.form.get('client_secret')], ['gateway', null]);
    assert.equal(all.seen[0]?.headers.authorization, undefined);
  });

  const ed25519 = generateKeyPairSync('ed25519');
  const [rsaPair, ecPair] = [rsa(), ec()];
  const jwk = JSON.stringify({ ...ed25519.privateKey.export({ format: 'jwk' }), kid: 'of-the-jwk' });
  const rows: readonly (readonly [string, string, KeyObject, Record<string, unknown>])[] = [
    ['PKCS#8 of an elliptic curve', pem(ecPair.privateKey), ecPair.publicKey, { alg: 'ES256' }],
    ['SEC1', pem(ecPair.privateKey, 'sec1'), ecPair.publicKey, { alg: 'ES256' }],
    ['PKCS#1', pem(rsaPair.privateKey, 'pkcs1'), rsaPair.publicKey, { alg: 'RS256' }],
    ['a JWK', jwk, ed25519.publicKey, { alg: 'EdDSA', kid: 'of-the-jwk' }],
  ];
  for (const [name, text, publicKey, expected] of rows) {
    test(`${name} – signs with the algorithm of the key`, async (context) => {
      await using all = await startExchange({ ...signing, clientKeyFile: writeKey(context, text) });
      await all.header(identity(all.scene.nowMs));
      const { header } = await verify(all.seen[0]?.body, publicKey, all.scene.nowMs);
      assert.deepEqual(header, { typ: 'JWT', ...expected });
    });
  }

  test('algorithm, key id and audience that are set – are those of the assertion', async (context) => {
    const { privateKey, publicKey } = rsa();
    await using all = await startExchange({
      ...signing,
      clientKeyFile: writeKey(context, pem(privateKey)),
      clientKeyAlgorithm: 'PS256',
      clientKeyId: 'key-1',
      clientAssertionAudience: 'https://id.example',
    });
    await all.header(identity(all.scene.nowMs));
    const { header, payload } = await verify(all.seen[0]?.body, publicKey, all.scene.nowMs);
    assert.deepEqual(header, { typ: 'JWT', alg: 'PS256', kid: 'key-1' });
    assert.equal(payload.aud, 'https://id.example');
  });

  test('a certificate of the key – is named by its thumbprint', async (context) => {
    const pair = await (await makeAuthority()).issue();
    const { certFile, keyFile } = writePair(makeFolder(context), pair);
    await using all = await startExchange({ ...signing, clientKeyFile: keyFile, clientCertFile: certFile });
    await all.header(identity(all.scene.nowMs));
    const { publicKey, fingerprint256 } = new X509Certificate(pair.certificate);
    const { header } = await verify(all.seen[0]?.body, publicKey, all.scene.nowMs);
    assert.equal(header['x5t#S256'], Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'));
  });

  test('a new key in the file – signs the next request', async (context) => {
    const [first, second] = [ec(), ec()];
    const clientKeyFile = writeKey(context, pem(first.privateKey));
    await using all = await startExchange({ ...signing, clientKeyFile });
    await all.header(identity(all.scene.nowMs));
    await verify(all.seen[0]?.body, first.publicKey, all.scene.nowMs);
    writeFileSync(clientKeyFile, pem(second.privateKey));
    await all.header(identity(all.scene.nowMs, 'bob'));
    await verify(all.seen[1]?.body, second.publicKey, all.scene.nowMs);
    assert.match(all.logged.join('\n'), /^info: New file of the client's key is in use/);
  });

  test('a new file that is no key – the old key stays, which is said once, and a good one is taken after that', async (context) => {
    const [first, second] = [ec(), ec()];
    const clientKeyFile = writeKey(context, pem(first.privateKey));
    await using all = await startExchange({ ...signing, clientKeyFile });
    writeFileSync(clientKeyFile, 'half of a fi');
    for (const user of ['alice', 'bob']) await all.header(identity(all.scene.nowMs, user));
    for (const { body } of all.seen) await verify(body, first.publicKey, all.scene.nowMs);
    assert.equal(all.logged.length, 1);
    assert.match(all.logged[0] ?? '', /^error: Cannot use the new file of the client's key; the old one stays/);
    assert.doesNotMatch(all.logged[0] ?? '', /half of a fi/);
    writeFileSync(clientKeyFile, pem(second.privateKey));
    await all.header(identity(all.scene.nowMs, 'carol'));
    await verify(all.seen[2]?.body, second.publicKey, all.scene.nowMs);
  });

  test('a provider that repeats the assertion – it is in no part of the refusal', async (context) => {
    await using all = await startExchange({ ...signing, clientKeyFile: writeKey(context, pem(ec().privateKey)) });
    let assertion = '';
    all.scene.respond = ({ body }, response) => {
      assertion = new URLSearchParams(body).get('client_assertion') ?? '';
      sendJson(response, 401, { error: 'invalid_client', error_description: `bad assertion: ${assertion}` });
    };
    const refusal = await all.refusal(identity(all.scene.nowMs));
    assert.equal(refusal.code, 'exchange_misconfigured');
    assert.ok(!refusal.hint.includes(assertion.split('.')[2] ?? assertion));
  });
});

describe('tls_client_auth', () => {
  test('a request – goes over a connection with the certificate; a new one is taken, a broken one is not', async (context) => {
    const authority = await makeAuthority();
    const [first, second] = [await authority.issue(), await authority.issue()];
    const listener = await authority.issue();
    const seen: { print: string; body: string }[] = [];
    const options = { cert: listener.certificate, key: listener.key, requestCert: true, rejectUnauthorized: false };
    const server = createServer(options, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const print = (request.socket as TLSSocket).getPeerCertificate().fingerprint256;
        seen.push({ print, body: Buffer.concat(chunks).toString() });
        sendJson(response, 200, {
          access_token: `opaque-${seen.length}`,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
          expires_in: 600,
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const folder = makeFolder(context);
    const { certFile, keyFile } = writePair(folder, first);
    await using all = await startExchange(
      {
        url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
        clientAuthentication: 'tls_client_auth',
        clientSecret: undefined,
        clientCertFile: certFile,
        clientKeyFile: keyFile,
      },
      [authority.ca],
    );
    const call = (user: string) => all.header(identity(all.scene.nowMs, user));
    assert.equal(await call('alice'), 'Bearer opaque-1');
    writeFileSync(keyFile, 'half of a ke');
    assert.equal(await call('bob'), 'Bearer opaque-2');
    writePair(folder, second);
    assert.equal(await call('carol'), 'Bearer opaque-3');

    const prints = [first, first, second].map(({ certificate }) => new X509Certificate(certificate).fingerprint256);
    assert.deepEqual(
      seen.map(({ print }) => print),
      prints,
    );
    const form = new URLSearchParams(seen[0]?.body);
    assert.deepEqual(
      [form.get('client_id'), form.get('client_secret'), form.get('client_assertion')],
      ['gateway', null, null],
    );
    assert.match(
      all.logged.join('\n'),
      /^error: Cannot use the new file of the client's certificate; the old one stays/,
    );
  });
});

for (const [clientAuthentication, missing] of [
  ['private_key_jwt', 'clientKeyFile'],
  ['tls_client_auth', 'clientCertFile'],
  ['client_secret_basic', 'clientSecret'],
] as const) {
  test(`${clientAuthentication} without ${missing} – nothing is built`, () => {
    const settings = { url: 'https://id.example/token', clientId: 'gateway', clientAuthentication };
    const deps = { log: collectLog().log, now: Date.now, name: 'apollo' };
    assert.throws(
      () => buildClientAuthentication(settings, deps),
      (error) => isRefusal(error, 'config_invalid') && String(error).includes(`${missing} is missing`),
    );
  });
}
