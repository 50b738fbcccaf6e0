import type { ServerResponse } from 'node:http';
import { buildHttpClient } from '../../src/lib/http-client.ts';
import type { Credential } from '../../src/model/credential.ts';
import type { Identity } from '../../src/model/identity.ts';
import { UsherError } from '../../src/model/usher-error.ts';
import type { TokenEndpointDeps } from '../../src/oauth/build-token-endpoint.ts';
import { collectLog } from './collect-log.ts';
import { sendJson, startHttpServer, type SeenRequest } from './start-http-server.ts';

export type ExchangeResponse = (request: SeenRequest, response: ServerResponse) => void;

export interface CredentialOptions {
  readonly ca?: readonly string[] | undefined;
  /** What the endpoint says of a token beside the token itself. */
  readonly answer?: Record<string, unknown>;
}

/** A token endpoint that numbers the tokens it hands out, and a credential of the test's whose clock the test moves. Nobody
 * waits before a request is repeated: the waits are noted instead.
 */
export async function startCredential(
  build: (url: string, deps: TokenEndpointDeps) => Credential,
  { ca, answer = { expires_in: 600 } }: CredentialOptions = {},
) {
  const scene: {
    nowMs: number;
    random: number;
    /** Beside what every answer has; the usual when absent. */
    answer: Record<string, unknown> | undefined;
    respond: ((request: SeenRequest, response: ServerResponse) => unknown) | undefined;
    /** What happens while a request waits to be repeated. */
    duringWait: (() => Promise<unknown>) | undefined;
  } = { nowMs: Date.now(), random: 0.5, answer: undefined, respond: undefined, duringWait: undefined };
  let handedOut = 0;
  const server = await startHttpServer((request, response) => {
    if (scene.respond !== undefined) return void scene.respond(request, response);
    handedOut += 1;
    const { expires_in: usualLife, ...usual } = answer;
    sendJson(response, 200, {
      access_token: `opaque-${handedOut}`,
      token_type: 'Bearer',
      ...usual,
      ...(scene.answer ?? { expires_in: usualLife }),
    });
  });
  const http = buildHttpClient();
  const { log, logged } = collectLog();
  const waits: number[] = [];
  const credential = build(`${server.url}/token`, {
    http,
    now: () => scene.nowMs,
    log,
    name: 'apollo',
    ca,
    random: () => scene.random,
    wait: async (ms) => {
      waits.push(ms);
      await scene.duringWait?.();
    },
  });
  const staying = { signal: new AbortController().signal };
  return {
    scene,
    credential,
    logged,
    /** Milliseconds that would have passed before a repetition, one entry for each. */
    waits,
    seen: server.seen,
    count: () => server.seen.length,
    /** The forms of all requests so far. */
    forms: () => server.seen.map(({ body }) => new URLSearchParams(body)),
    /** What a call of this user carries upstream. */
    async header(user: Identity, connection = staying): Promise<string | undefined> {
      return (await credential.obtain(user, connection)).header?.value.reveal();
    },
    /** Answers like this once, then as usual. */
    failOnce(respond: ExchangeResponse): void {
      scene.respond = (request, response) => {
        scene.respond = undefined;
        respond(request, response);
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
