import { checkHeader } from '../../src/authenticators/check-claims.ts';
import { KeyStore } from '../../src/authenticators/jwt/key-store.ts';
import { algorithms } from '../../src/authenticators/jwt/schema.ts';
import { checkSignatureText, verifySignature } from '../../src/oauth/keys/verify-signature.ts';
import { buildHttpClient } from '../../src/lib/http-client.ts';
import { parseJwtParts } from '../../src/lib/jwt-parts.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import { collectLog } from './collect-log.ts';
import { encodePart } from './signing-key.ts';
import { sendJson, startHttpServer } from './start-http-server.ts';

/** The authenticator's own steps for a token whose payload is no claims, as those in the RFCs: everything but the claims. */
export interface Verifier extends AsyncDisposable {
  /** `taken`, or why not, when an issuer publishes these keys. */
  verdict(token: string, keys: readonly unknown[]): Promise<string>;
}

export async function startVerifier(): Promise<Verifier> {
  let published: readonly unknown[] = [];
  const server = await startHttpServer((_, response) => sendJson(response, 200, { keys: published }));
  const http = buildHttpClient();
  const { log } = collectLog();
  const options = { issuer: server.url, jwksUrl: `${server.url}/keys`, http, now: Date.now, allowHttp: true, log };
  let known: { readonly keys: readonly unknown[]; readonly store: KeyStore } | undefined;
  return {
    async verdict(token, keys) {
      published = keys;
      if (known?.keys !== keys) known = { keys, store: new KeyStore({ ...options, name: 'vectors' }) };
      try {
        checkForm(token);
      } catch (error) {
        if (error instanceof UsherError) return error.code;
        if (error instanceof SyntaxError) return 'malformed';
        throw error;
      }
      const set = await known.store.read();
      return set === undefined ? 'no keys' : ((await verifySignature(token, set.findKey, algorithms)) ?? 'taken');
    },
    async [Symbol.asyncDispose]() {
      await http.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** As for a token with claims, which these are not. */
function checkForm(token: string): void {
  const parts = token.split('.');
  const [, payload = ''] = parts;
  if (parts.length === 3 && /^[\w-]*$/.test(payload)) parts[1] = encodePart('{}');
  const { header } = parseJwtParts(parts.join('.'));
  checkSignatureText(token.slice(token.lastIndexOf('.') + 1));
  checkHeader(header, algorithms, {});
}
