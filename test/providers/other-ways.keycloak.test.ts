import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import { Secret } from '../../src/model/secret.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { startTestGateway, type TestGateway } from '../kit/start-test-gateway.ts';
import { alice, createRealm, names, type KeycloakRealm } from './keycloak-realm.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');
const answer = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'Czechia' }] } };

let realm: KeycloakRealm;
let upstream: TestServer;
let gateway: TestGateway;
let callerToken: string;
let folder: string;

before(async () => {
  if (skip !== false) return;
  realm = await createRealm(url);
  const { exchange } = await realm.setUp();
  folder = await mkdtemp(join(tmpdir(), 'usher-other-ways-'));
  const clientKeyFile = join(folder, 'client-key.pem');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(clientKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256', use: 'sig' };
  await addClient('with-key', {
    clientAuthenticatorType: 'client-jwt',
    attributes: { 'use.jwks.string': 'true', 'jwks.string': JSON.stringify({ keys: [jwk] }) },
  });
  await addClient('with-dpop', { secret: 'secret-of-with-dpop', attributes: { 'dpop.bound.access.tokens': 'true' } });

  upstream = await startHttpServer((_, response) => sendJson(response, 200, answer));
  const { issuer } = realm;
  const audience = [names.gateway];
  const asked = {
    strategy: 'token-exchange' as const,
    url: exchange.url,
    audience: [...exchange.audience],
    scopes: [...exchange.scopes],
  };
  const { clientId, clientSecret } = exchange;
  const good = { ...asked, clientId, clientSecret };
  const jwt = { strategy: 'jwt' as const, issuer, audience };
  const introspection = {
    strategy: 'introspection' as const,
    issuer,
    audience,
    url: `${exchange.url}/introspect`,
    clientId,
    clientSecret,
    cacheSeconds: 0,
  };
  const rest = {
    policy: { strategy: 'scopes' as const, required: [names.callScope] },
    upstream: { strategy: 'http' as const, url: `${upstream.url}/mcp` },
  };
  const key = { clientAuthentication: 'private_key_jwt' as const, clientKeyFile, clientKeyId: 'key-1' };
  const dpop = { ...asked, clientId: 'with-dpop', clientSecret: new Secret('secret-of-with-dpop'), dpop: true };
  gateway = await startTestGateway({
    good: { path: '/good/mcp', authenticate: [jwt], credential: good, ...rest },
    key: { path: '/key/mcp', authenticate: [jwt], credential: { ...asked, ...key, clientId: 'with-key' }, ...rest },
    dpop: { path: '/dpop/mcp', authenticate: [jwt], credential: dpop, ...rest },
    asked: { path: '/asked/mcp', authenticate: [introspection], credential: good, ...rest },
  });
  callerToken = await signIn();
});
after(async () => {
  await gateway?.close();
  await upstream?.[Symbol.asyncDispose]();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

/** Another client that may exchange, in the audience of the callers' tokens. */
async function addClient(clientId: string, { attributes, ...more }: { attributes: object; [name: string]: unknown }) {
  await realm.admin('POST', '/clients', {
    clientId,
    attributes: { 'standard.token.exchange.enabled': 'true', ...attributes },
    defaultClientScopes: ['basic'],
    optionalClientScopes: [names.apiScope],
    ...more,
  });
  await realm.addAudience(names.callScope, clientId);
}

const mcpUrl = (name: string) => gateway.servers.find((one) => one.name === name)?.resourceUrl ?? '';

async function signIn(): Promise<string> {
  const app = { clientId: names.mcpClient, redirectUri: 'http://127.0.0.1:33418/' };
  return (await signInUser({ mcpUrl: mcpUrl('good'), ...app, ...alice })).callerToken;
}

/** Calls a tool at this server, which is answered; returns what the server behind heard. */
async function call(name: string, token = callerToken) {
  const response = await post(mcpUrl(name), token);
  const record = (await gateway.records()).at(-1);
  assert.equal(response.status, 200, record?.hint);
  const { authorization = '', dpop } = upstream.seen.at(-1)?.headers ?? {};
  const [scheme = '', upstreamToken = ''] = authorization.split(' ');
  const claims = decodeJwt(upstreamToken);
  assert.equal(claims.aud, 'backend');
  assert.equal(claims.sub, decodeJwt(token).sub);
  return { scheme, claims, proof: typeof dpop === 'string' ? decodeJwt(dpop) : undefined };
}

test('Keycloak – the gateway proves itself by a key instead of a secret – exchanged', { skip }, async () => {
  const { scheme, claims } = await call('key');
  assert.equal(scheme, 'Bearer');
  assert.equal(claims['azp'], 'with-key');
});

test(
  'Keycloak – a client that requires DPoP – the token is bound to the key the proof is made with',
  { skip },
  async () => {
    const { scheme, claims, proof } = await call('dpop');
    assert.equal(scheme, 'DPoP');
    assert.equal(typeof (claims['cnf'] as { jkt?: unknown } | undefined)?.jkt, 'string');
    assert.equal(proof?.['htm'], 'POST');
    assert.equal(typeof proof?.['ath'], 'string');
  },
);

test('Keycloak – asked about the token – taken while the session lasts, refused once it ended', { skip }, async () => {
  const token = await signIn();
  await call('asked', token);
  await realm.admin('DELETE', `/sessions/${String(decodeJwt(token)['sid'])}`);
  const heard = upstream.seen.length;
  const refused = await post(mcpUrl('asked'), token);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
  assert.equal(upstream.seen.length, heard);
});
