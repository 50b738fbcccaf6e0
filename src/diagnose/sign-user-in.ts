import { setTimeout as sleep } from 'node:timers/promises';
import * as oauth from 'oauth4webapi';
import type { HttpClient } from '../lib/http-client.ts';
import { Secret } from '../model/secret.ts';
import { listenForCallback } from './await-callback.ts';
import type { MetadataDocument } from './read-issuer-metadata.ts';
import type { SignInAid } from './sign-in-aid.ts';

/** Where somebody signs in, and what for. */
export interface SignInRequest {
  /** The issuer's own metadata. */
  readonly document: MetadataDocument;
  readonly scopes: readonly string[];
  readonly resource: string;
  /** The token is to be bound to a key, which is made for it (RFC 9449). */
  readonly isBound: boolean;
  readonly http: HttpClient;
}

/** What was got for them. */
export interface SignedInUser {
  readonly callerToken: Secret;
  /** Thumbprint of the key it was asked to be bound to. */
  readonly jkt: string | undefined;
}

const timeoutMs = 15_000;
const usualPatienceMs = 300_000;

/** Lets a person sign in with their browser, as an MCP client does (MCP authorization): authorization code with PKCE and resource
 * indicator, with a proof of a key where the token is to be bound to one, once more with the nonce the provider wants in it.
 * @throws Error in a few words; of oauth4webapi for an answer that is refused
 */
export async function signUserIn(request: SignInRequest, aid: SignInAid): Promise<SignedInUser> {
  const { document, scopes, resource, isBound, http } = request;
  const { clientId, clientSecret, redirectUri, show, patienceMs = usualPatienceMs } = aid;
  const server = readServer(document);
  const client: oauth.Client = { client_id: clientId };
  const key = isBound ? oauth.DPoP(client, await oauth.generateKeyPair('ES256')) : undefined;
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(server.authorization_endpoint ?? '');
  const parameters = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: scopes.length === 0 ? 'openid' : scopes.join(' '),
    resource,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  await using callback = await listenForCallback(redirectUri);
  show(url.href);
  const patience = new AbortController();
  const tooLate = sleep(patienceMs, undefined, { signal: patience.signal });
  // Somebody came: nobody waits for it any more.
  tooLate.catch(() => undefined);
  const came = await Promise.race([callback.came, tooLate]);
  patience.abort();
  if (came === undefined) throw new Error(`nobody signed in within ${patienceMs / 1000} s`);
  const answered = oauth.validateAuthResponse(server, client, came, state);
  const authentication = clientSecret === undefined ? oauth.None() : oauth.ClientSecretBasic(clientSecret.reveal());
  const redeem = async () => {
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      answered,
      redirectUri,
      verifier,
      {
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: buildFetch(http),
        additionalParameters: { resource },
        ...(key === undefined ? {} : { DPoP: key }),
      },
    );
    return oauth.processAuthorizationCodeResponse(server, client, answer);
  };
  const tokens = await redeem().catch((error: unknown) => {
    // The code is still good (RFC 9449 §8).
    if (oauth.isDPoPNonceError(error)) return redeem();
    throw error;
  });
  return { callerToken: new Secret(tokens.access_token), jkt: await key?.calculateThumbprint() };
}

/** What of the metadata a sign-in needs. */
function readServer({
  issuer,
  authorization_endpoint,
  token_endpoint,
  ...more
}: MetadataDocument): oauth.AuthorizationServer {
  if (authorization_endpoint === undefined || token_endpoint === undefined)
    throw new Error('its metadata have no authorization_endpoint or no token_endpoint');
  return {
    issuer,
    authorization_endpoint,
    token_endpoint,
    // RFC 9207 §2.3: with it an answer without `iss` is refused.
    authorization_response_iss_parameter_supported: more['authorization_response_iss_parameter_supported'] === true,
  };
}

function buildFetch(http: HttpClient) {
  return async (url: string, { method, headers, body }: oauth.CustomFetchOptions<'POST', URLSearchParams>) =>
    http.send(url, { method, headers, body: body.toString(), timeoutMs });
}
