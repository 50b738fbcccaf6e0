import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { Provider, type Adapter, type Configuration } from 'oidc-provider';
import { buildClientCredentialsCredential } from '../../src/credentials/client-credentials/build-client-credentials-credential.ts';
import { clientCredentialsSchema } from '../../src/credentials/client-credentials/schema.ts';
import { buildHttpClient } from '../../src/lib/http-client.ts';
import { Secret } from '../../src/model/secret.ts';
import { collectLog } from '../kit/collect-log.ts';
import { makeFolder } from '../kit/config-input.ts';
import { makeAuthority, writePair, type TestAuthority } from '../kit/make-certificate.ts';
import { identity, isRefusal } from '../kit/start-exchange.ts';

/** Keeps nothing: nobody asks for these tokens again. */
class Forgetful implements Adapter {
  async upsert() {}
  async consume() {}
  async destroy() {}
  async revokeByGrantId() {}
  async find() {
    return undefined;
  }
  async findByUid() {
    return undefined;
  }
  async findByUserCode() {
    return undefined;
  }
}

type ClientMetadata = NonNullable<Configuration['clients']>[number];

const authority = await makeAuthority();

/** An authorization server that nobody here wrote, with this client, over TLS. */
async function startProvider(context: TestContext, { ca }: TestAuthority, client: Partial<ClientMetadata>) {
  const { certificate, key } = await authority.issue();
  // Whether the certificate is good is the provider's to say, below.
  const server = createServer({ cert: certificate, key, ca, requestCert: true, rejectUnauthorized: false });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const certificateOf = (socket: unknown) =>
    socket instanceof TLSSocket ? (socket.getPeerX509Certificate() ?? undefined) : undefined;
  const provider = new Provider(issuer, {
    adapter: Forgetful,
    jwks: { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })] },
    ttl: { ClientCredentials: 600 },
    clients: [
      {
        client_id: 'gateway',
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        ...client,
      },
    ],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'self_signed_tls_client_auth'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      mTLS: { enabled: true, selfSignedTlsClientAuth: true, getCertificate: ({ socket }) => certificateOf(socket) },
    },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { issuer, url: `${issuer}/token` };
}

/** What a call gets with these settings. */
async function obtain(context: TestContext, settings: Record<string, unknown>) {
  const http = buildHttpClient({ ca: [authority.ca] });
  context.after(() => http.close());
  const given = { strategy: 'client-credentials', clientId: 'gateway', alsoForUsers: true, ...settings };
  const deps = { http, now: Date.now, log: collectLog().log, name: 'apollo', ca: [authority.ca] };
  const credential = buildClientCredentialsCredential(clientCredentialsSchema.parse(given), deps);
  const found = await credential.obtain(identity(Date.now()), { signal: new AbortController().signal });
  return found.header?.value.reveal();
}

const isToken = /^Bearer \S{20,}$/;
/** All of RFC 6749 A.2 may stand in it. */
const secret = 'a secret+/=%&"~ of the gateway, long enough for everybody';

for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
  test(`${method} – is understood`, async (context) => {
    const { url } = await startProvider(context, authority, {
      client_secret: secret,
      token_endpoint_auth_method: method,
    });
    const settings = { url, clientAuthentication: method, clientSecret: new Secret(secret) };
    assert.match((await obtain(context, settings)) ?? '', isToken);
    const wrong = obtain(context, { ...settings, clientSecret: new Secret('another') });
    await assert.rejects(wrong, (error) => isRefusal(error, 'exchange_misconfigured'));
  });
}

const makers: Readonly<Record<string, () => { privateKey: KeyObject; publicKey: KeyObject }>> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

function writeKey(context: TestContext, { privateKey }: { privateKey: KeyObject }): string {
  const file = join(makeFolder(context), 'key.pem');
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return file;
}

for (const [alg, make] of Object.entries(makers)) {
  test(`private_key_jwt with ${alg} – is verified; by another key it is refused`, async (context) => {
    const pair = make();
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'key-1', alg, use: 'sig' };
    const { url, issuer } = await startProvider(context, authority, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwk] },
    });
    const settings = {
      url,
      clientAuthentication: 'private_key_jwt',
      clientKeyFile: writeKey(context, pair),
      clientKeyId: 'key-1',
      clientKeyAlgorithm: alg,
      clientAssertionAudience: issuer,
    };
    assert.match((await obtain(context, settings)) ?? '', isToken);
    const wrong = obtain(context, { ...settings, clientKeyFile: writeKey(context, make()) });
    await assert.rejects(wrong, (error) => isRefusal(error, 'exchange_misconfigured'));
  });
}

test('a certificate on the connection – is seen; another one is refused', async (context) => {
  const [own, other] = [await authority.issue(), await authority.issue()];
  const certificate = new X509Certificate(own.certificate);
  const jwk = { ...certificate.publicKey.export({ format: 'jwk' }), x5c: [certificate.raw.toString('base64')] };
  const { url } = await startProvider(context, authority, {
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [jwk] },
  });
  const settings = (pair: typeof own) => {
    const { certFile, keyFile } = writePair(makeFolder(context), pair);
    return { url, clientAuthentication: 'tls_client_auth', clientCertFile: certFile, clientKeyFile: keyFile };
  };
  assert.match((await obtain(context, settings(own))) ?? '', isToken);
  const wrong = obtain(context, settings(other));
  await assert.rejects(wrong, (error) => isRefusal(error, 'exchange_misconfigured'));
});
