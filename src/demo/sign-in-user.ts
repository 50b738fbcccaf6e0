import { readFile } from 'node:fs/promises';
import { Agent, fetch as undiciFetch } from 'undici';
import * as oauth from 'oauth4webapi';
import { fail } from '../model/usher-error.ts';
import { signIn } from './scripted-browser.ts';

/** Who signs in, through which client. */
export interface UserSignIn {
  readonly mcpUrl: string;
  readonly clientId: string;
  /** Without one it is a public client. */
  readonly clientSecret?: string;
  readonly redirectUri: string;
  readonly username: string;
  readonly password: string;
  /** PEM file of authorities to trust instead of the system's. */
  readonly caFile?: string;
  /** The token is to be bound to a key of the client, which is made for it (RFC 9449). */
  readonly isBound?: boolean;
  /** What is asked for, where the provider calls the scopes of the challenge otherwise. */
  readonly scopes?: readonly string[];
  /** As clients do that ask for nothing of OpenID Connect; there is no ID token then. */
  readonly isOauthOnly?: boolean;
}

/** What the user's client holds afterwards. */
export interface SignedIn {
  readonly callerToken: string;
  readonly idToken: string | undefined;
  readonly issuer: string;
  /** The key the token is bound to. */
  readonly key: oauth.DPoPHandle | undefined;
}

/** Signs a user in as an MCP client does (MCP authorization): a call without a token, the challenge it gets, the metadata
 * the challenge names, the authorization server that names, authorization code with PKCE and resource indicator.
 * @throws UsherError step_failed
 */
export async function signInUser({
  mcpUrl,
  clientId,
  clientSecret,
  redirectUri,
  username,
  password,
  caFile,
  isBound = false,
  scopes: given,
  isOauthOnly = false,
}: UserSignIn): Promise<SignedIn> {
  const trust = caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') };
  const agent = new Agent({ connect: trust });
  const options = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: buildFetch(agent) } as const;
  try {
    const { issuer, resource, scopes } = await readChallenge(mcpUrl);
    const server = await discover(issuer, options);
    const client: oauth.Client = { client_id: clientId };
    const key = isBound ? oauth.DPoP(client, await oauth.generateKeyPair('ES256')) : undefined;
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const authorizeUrl = new URL(server.authorization_endpoint ?? '');
    authorizeUrl.search = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: [...(isOauthOnly ? [] : ['openid', 'email']), ...(given ?? scopes)].join(' '),
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      resource,
      state,
      ...(isOauthOnly ? {} : { nonce }),
    }).toString();
    const callback = await signIn(authorizeUrl, { username, password, ...trust });
    const parameters = oauth.validateAuthResponse(server, client, callback, state);
    const redeem = async () => {
      const answer = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        clientSecret === undefined ? oauth.None() : oauth.ClientSecretPost(clientSecret),
        parameters,
        redirectUri,
        verifier,
        { ...options, ...(key === undefined ? {} : { DPoP: key }), additionalParameters: { resource } },
      );
      const expected = isOauthOnly ? {} : { expectedNonce: nonce };
      return oauth.processAuthorizationCodeResponse(server, client, answer, expected);
    };
    const tokens = await redeem().catch((error: unknown) => {
      // Once more with the nonce the server wants in the proof (RFC 9449 §8); the code is still good.
      if (oauth.isDPoPNonceError(error)) return redeem();
      throw error;
    });
    return { callerToken: tokens.access_token, idToken: tokens.id_token, issuer, key };
  } catch (cause) {
    if (cause instanceof oauth.AuthorizationResponseError || cause instanceof oauth.ResponseBodyError) {
      throw fail(
        'step_failed',
        {
          step: 'Signing in',
          reason: `the provider answered ${cause.error}: ${cause.error_description ?? 'no description'}`,
        },
        { cause },
      );
    }
    throw cause;
  } finally {
    await agent.destroy();
  }
}

interface Challenge {
  readonly issuer: string;
  readonly resource: string;
  readonly scopes: readonly string[];
}

/** RFC 9728 §5: a call without a token says where to sign in. */
async function readChallenge(mcpUrl: string): Promise<Challenge> {
  const refused = await fetch(mcpUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":0,"method":"ping"}',
  });
  const challenge = refused.headers.get('www-authenticate') ?? '';
  const metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge)?.[1];
  if (refused.status !== 401 || metadataUrl === undefined) {
    throw fail('step_failed', {
      step: 'Asking without a token',
      reason: `status ${refused.status} with challenge ${JSON.stringify(challenge)}, expected 401 with resource_metadata`,
    });
  }
  const resource = new URL(mcpUrl);
  const metadata = await oauth.processResourceDiscoveryResponse(resource, await fetch(metadataUrl));
  const issuer = metadata.authorization_servers?.[0];
  if (issuer === undefined)
    throw fail('step_failed', { step: 'Reading the metadata', reason: `${metadataUrl} names no authorization server` });
  return { issuer, resource: metadata.resource, scopes: /scope="([^"]+)"/.exec(challenge)?.[1]?.split(' ') ?? [] };
}

type HttpOptions = {
  readonly [oauth.allowInsecureRequests]: true;
  readonly [oauth.customFetch]: (url: string, init: oauth.CustomFetchOptions<string, unknown>) => Promise<Response>;
};

/** In the order MCP clients try: the place of RFC 8414, then the one of OpenID Connect. */
async function discover(issuer: string, options: HttpOptions): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  const first = await oauth.discoveryRequest(url, { ...options, algorithm: 'oauth2' });
  const answer = first.status === 200 ? first : await oauth.discoveryRequest(url, { ...options, algorithm: 'oidc' });
  return oauth.processDiscoveryResponse(url, answer);
}

/** `fetch` that trusts the provider's own certificate authority. */
function buildFetch(agent: Agent): HttpOptions[typeof oauth.customFetch] {
  return async (url, { method, headers, body }) => {
    const answer = await undiciFetch(url, {
      method,
      headers,
      redirect: 'manual',
      dispatcher: agent,
      body: body instanceof URLSearchParams ? body.toString() : null,
    });
    return new Response(await answer.arrayBuffer(), {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
    });
  };
}
