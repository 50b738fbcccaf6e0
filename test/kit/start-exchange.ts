import { buildTokenExchangeCredential } from '../../src/credentials/token-exchange/build-token-exchange-credential.ts';
import { type TokenExchangeSettings, tokenExchangeSchema } from '../../src/credentials/token-exchange/schema.ts';
import type { Identity } from '../../src/model/identity.ts';
import { Secret } from '../../src/model/secret.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import { encodePart } from './signing-key.ts';
import { sendJson } from './start-http-server.ts';
import { startCredential, type ExchangeResponse } from './start-credential.ts';

export type { ExchangeResponse } from './start-credential.ts';

export const answerStatus =
  (code: number, body: unknown = {}, headers: Record<string, string> = {}): ExchangeResponse =>
  (_, response) =>
    sendJson(response, code, body, headers);

/** Needs every kind of encoding on its way. */
export const exchangeSecret = 'gateway secret+/=%&é';

/** A token endpoint that numbers the tokens it hands out, and a token exchange whose clock the test moves. */
export function startExchange(changes: Partial<TokenExchangeSettings> = {}, ca?: readonly string[]) {
  return startCredential(
    (url, deps) => {
      const clientSecret = new Secret(exchangeSecret);
      const given = { url, clientId: 'gateway', clientSecret, audience: ['backend'] };
      return buildTokenExchangeCredential({ ...tokenExchangeSchema.parse(given), ...changes }, deps);
    },
    {
      ca,
      answer: { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', expires_in: 600 },
    },
  );
}

/** A user with a token of their own. */
export function identity(nowMs: number, subject = 'alice', livesSeconds = 3600): Identity {
  const callerToken = `${encodePart({ alg: 'RS256' })}.${encodePart({ sub: subject })}.c2lnbmF0dXJl`;
  return {
    callerToken,
    caller: {
      issuer: 'https://id.example',
      subject,
      clientId: undefined,
      name: undefined,
      scopes: new Set(),
      claims: {},
      expiresAtMs: nowMs + livesSeconds * 1000,
      acceptedUntilMs: nowMs + livesSeconds * 1000,
      principal: '[]',
      tokenClaims: {},
      tokenDigest: `digest of ${subject}`,
      jkt: undefined,
    },
  };
}

export function isRefusal(error: unknown, code: string): boolean {
  return error instanceof UsherError && error.code === code;
}
