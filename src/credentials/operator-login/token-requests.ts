import * as oauth from 'oauth4webapi';
import type { HttpClient } from '../../lib/http-client.ts';
import type { ClientAuthentication } from '../../oauth/token-request.ts';
import { readTrouble } from './login-trouble.ts';

/** Whom to ask, as which client. */
export interface TokenRequests {
  readonly server: oauth.AuthorizationServer;
  readonly client: ClientAuthentication;
  /** RFC 8707 §2: named in each request. */
  readonly resource: string | undefined;
  readonly http: HttpClient;
}

const timeoutMs = 15_000;

/** Options for oauth4webapi by which requests go through our client. Plain http was allowed or refused before. */
export function throughHttp(http: HttpClient) {
  return {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: async (url: string, { method, headers, body }: oauth.CustomFetchOptions<string, unknown>) => {
      const sent = body instanceof URLSearchParams ? body.toString() : typeof body === 'string' ? body : undefined;
      const answer = await http.send(url, {
        method: method === 'POST' ? 'POST' : 'GET',
        headers,
        ...(sent === undefined ? {} : { body: sent }),
        timeoutMs,
      });
      return withoutChallenge(answer);
    },
  } as const;
}

/** What is wrong stands in the body (RFC 6749 §5.2), also where the header that a 401 has to have stands beside it: the library
 * would look at that alone.
 */
function withoutChallenge(answer: Response): Response {
  if (!answer.headers.has('www-authenticate')) return answer;
  const headers = new Headers(answer.headers);
  headers.delete('www-authenticate');
  return new Response(answer.body, { status: answer.status, headers });
}

function optionsFor({ client, http, resource }: TokenRequests) {
  return {
    ...throughHttp(client.http?.() ?? http),
    ...(resource === undefined ? {} : { additionalParameters: { resource } }),
  };
}

/** Where a code came from, and what it has to be redeemed with. */
export interface CodeAnswer {
  /** What the browser brought, checked. */
  readonly parameters: URLSearchParams;
  readonly redirectUri: string;
  readonly verifier: string;
  readonly nonce: string | undefined;
}

/** Redeems an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5); with a nonce there must be an ID token that has it. */
export async function redeemCode(request: TokenRequests, answer: CodeAnswer): Promise<oauth.TokenEndpointResponse> {
  const { server, client } = request;
  const named = { client_id: client.clientId };
  const { parameters, redirectUri, verifier, nonce } = answer;
  return quietly(client, async () => {
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      named,
      client.authenticate,
      parameters,
      redirectUri,
      verifier,
      optionsFor(request),
    );
    const expected = nonce === undefined ? {} : { expectedNonce: nonce, requireIdToken: true };
    return oauth.processAuthorizationCodeResponse(server, named, response, expected);
  });
}

/** Gets the next tokens (RFC 6749 §6). */
export async function refreshTokens(
  request: TokenRequests,
  refreshToken: string,
): Promise<oauth.TokenEndpointResponse> {
  const { server, client } = request;
  const named = { client_id: client.clientId };
  return quietly(
    client,
    async () => {
      const options = optionsFor(request);
      const response = await oauth.refreshTokenGrantRequest(server, named, client.authenticate, refreshToken, options);
      return oauth.processRefreshTokenResponse(server, named, response);
    },
    refreshToken,
  );
}

/** Bearer tokens only: another kind could not be used, and would be taken for one. */
async function quietly(
  client: ClientAuthentication,
  work: () => Promise<oauth.TokenEndpointResponse>,
  ...more: readonly string[]
): Promise<oauth.TokenEndpointResponse> {
  try {
    const tokens = await work();
    if (tokens.token_type === 'bearer') return tokens;
  } catch (cause) {
    throw readTrouble(cause, [...client.secrets, ...more]);
  }
  throw readTrouble(new Error('its token is not a bearer token'), []);
}
