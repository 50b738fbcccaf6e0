import type { ServerResponse } from 'node:http';
import { buildTokenExchangeCredential } from '../../src/credentials/token-exchange/build-token-exchange-credential.ts';
import { type TokenExchangeSettings, tokenExchangeSchema } from '../../src/credentials/token-exchange/schema.ts';
import { buildHttpClient } from '../../src/lib/http-client.ts';
import type { Identity } from '../../src/model/identity.ts';
import { Secret } from '../../src/model/secret.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import { collectLog } from './collect-log.ts';
import { encodePart } from './signing-key.ts';
import { sendJson, startHttpServer, type SeenRequest } from './start-http-server.ts';

export type ExchangeResponse = (request: SeenRequest, response: ServerResponse) => void;

export const answerStatus =
  (code: number, body: unknown = {}, headers: Record<string, string> = {}): ExchangeResponse =>
  (_, response) =>
    sendJson(response, code, body, headers);

/** Needs every kind of encoding on its way. */
export const exchangeSecret = 'gateway secret+/=%&é';

/** A token endpoint that numbers the tokens it hands out, and a credential whose clock the test moves. Nobody waits before
 * an exchange is repeated: the waits are noted instead.
 */
export async function startExchange(changes: Partial<TokenExchangeSettings> = {}) {
  const scene: {
    nowMs: number;
    random: number;
    answer: Record<string, unknown>;
    respond: ((request: SeenRequest, response: ServerResponse) => unknown) | undefined;
    /** What happens while an exchange waits to be repeated. */
    duringWait: (() => Promise<unknown>) | undefined;
  } = { nowMs: Date.now(), random: 0.5, answer: { expires_in: 600 }, respond: undefined, duringWait: undefined };
  let handedOut = 0;
  const server = await startHttpServer((request, response) => {
    if (scene.respond !== undefined) return void scene.respond(request, response);
    handedOut += 1;
    sendJson(response, 200, {
      access_token: `opaque-${handedOut}`,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      ...scene.answer,
    });
  });
  const http = buildHttpClient();
  const given = {
    url: `${server.url}/token`,
    clientId: 'gateway',
    clientSecret: new Secret(exchangeSecret),
    audience: ['backend'],
  };
  const { log, logged } = collectLog();
  const waits: number[] = [];
  const credential = buildTokenExchangeCredential(
    { ...tokenExchangeSchema.parse(given), ...changes },
    {
      http,
      now: () => scene.nowMs,
      log,
      name: 'apollo',
      random: () => scene.random,
      wait: async (ms) => {
        waits.push(ms);
        await scene.duringWait?.();
      },
    },
  );
  const staying = { signal: new AbortController().signal };
  return {
    scene,
    credential,
    logged,
    /** Milliseconds that would have passed before a repetition, one entry for each. */
    waits,
    seen: server.seen,
    count: () => server.seen.length,
    /** What a call of this user carries upstream. */
    async header(user: Identity, connection = staying): Promise<string | undefined> {
      return (await credential.obtain(user, connection)).header?.value.reveal();
    },
    /** Answers like this once, then as usual. */
    failOnce(answer: ExchangeResponse): void {
      scene.respond = (request, response) => {
        scene.respond = undefined;
        answer(request, response);
      };
    },
    /** The refusal a call of this user ends with. */
    async refusal(user: Identity): Promise<UsherError> {
      try {
        await credential.obtain(user, staying);
      } catch (error) {
        if (error instanceof UsherError) return error;
        throw error;
      }
      throw new Error('it was not refused');
    },
    async [Symbol.asyncDispose]() {
      await http.close();
      await server[Symbol.asyncDispose]();
    },
  };
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
