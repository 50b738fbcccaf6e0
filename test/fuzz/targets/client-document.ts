import assert from 'node:assert/strict';
import { assertionAlgorithms, readClientKeys } from '../../../src/facade/client-keys.ts';
import { DocumentError } from '../../../src/facade/guarded-fetch.ts';
import { readDocument, type ClientDocument } from '../../../src/facade/read-document.ts';
import { isObject, parseJson, type Target } from '../target.ts';

const url = 'https://app.example/client.json';
const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

/** A document is read, or refused in words; keys are public, of its own site, and for signatures only. */
export function check(text: string): ClientDocument | undefined {
  let document: ClientDocument | undefined;
  try {
    document = readDocument(text, url, (uri) => uri.startsWith('https://app.example/'));
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    assert.ok(error.message.length < 1000);
  }
  if (document === undefined) return undefined;
  assert.ok(document.name !== '' && document.redirectUris.length > 0);
  const { keys } = document;
  if (keys === undefined) return document;
  assert.equal((keys.jwks === undefined) !== (keys.uri === undefined), true);
  assert.ok(keys.uri === undefined || new URL(keys.uri).origin === new URL(url).origin);
  assert.ok(keys.algorithms.length > 0 && keys.algorithms.every((one) => assertionAlgorithms.includes(one)));
  for (const one of keys.jwks ?? []) assert.ok(!('d' in one) && !('k' in one));
  return document;
}

const document = (changes: object) =>
  JSON.stringify({ client_id: url, client_name: 'App', redirect_uris: ['http://127.0.0.1/cb'], ...changes });

export const target: Target = {
  seeds: [
    document({}),
    document({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] } }),
    document({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      token_endpoint_auth_signing_alg: 'RS256',
      jwks_uri: 'https://app.example/keys',
    }),
    document({ token_endpoint_auth_method: 'client_secret_basic', jwks: { keys: [{ ...key, d: 'x' }] } }),
  ],
  fuzz(bytes) {
    check(Buffer.from(bytes).toString('utf8'));
    const metadata = parseJson(bytes);
    if (isObject(metadata)) readClientKeys(metadata, { secrets: 'read over', findUriProblem: () => undefined });
  },
};
