import assert from 'node:assert/strict';
import { discoverJwksUrl } from '../../../src/authenticators/discover.ts';
import type { HttpClient } from '../../../src/lib/http-client.ts';
import { isObject, parseJson, type Target } from '../target.ts';

const issuer = 'https://issuer.example/oauth2/as1';

/** An address out of a document of this very issuer, over TLS unless it is this machine; or an Error on one line. */
export async function check(body: string): Promise<string | undefined> {
  const http: HttpClient = {
    send: () => Promise.resolve(new Response(body, { headers: { 'content-type': 'application/json' } })),
    close: () => Promise.resolve(),
  };
  let found: string;
  try {
    found = await discoverJwksUrl(issuer, { http, timeoutMs: 1000, allowHttp: false });
  } catch (error) {
    assert.ok(error instanceof Error && error.message.startsWith('no metadata found ('), String(error));
    return undefined;
  }
  const document = parseJson(Buffer.from(body));
  assert.ok(isObject(document));
  assert.equal(document['issuer'], issuer);
  const { protocol, hostname } = new URL(found);
  assert.ok(
    protocol === 'https:' ||
      (protocol === 'http:' && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/.test(hostname)),
    found,
  );
  assert.equal(found, new URL(String(document['jwks_uri'])).href);
  return found;
}

export const target: Target = {
  seeds: [
    JSON.stringify({ issuer, jwks_uri: `${issuer}/v1/keys` }),
    JSON.stringify({ issuer, jwks_uri: `${issuer}/v1/keys\u2028` }),
    JSON.stringify({ issuer, jwks_uri: 'http://127.0.0.1:9080/keys', token_endpoint: 'x' }),
    JSON.stringify({ issuer, jwks_uri: 'http://evil.example/keys' }),
    JSON.stringify({ issuer: `${issuer}/`, jwks_uri: 'https://evil.example/keys' }),
    '<html>',
  ],
  fuzz: async (bytes) => void (await check(bytes.toString('utf8'))),
};
